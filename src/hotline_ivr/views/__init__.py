"""How things are shown: pure functions from what is known to text."""
