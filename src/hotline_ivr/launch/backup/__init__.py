"""A node's state in one file, and back."""
