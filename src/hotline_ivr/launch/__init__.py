"""Starting and keeping up the processes of a node: Asterisk and the service beside it."""
