"""The pure core: what happens to a call, and what happened to it."""
