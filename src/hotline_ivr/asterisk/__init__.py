"""Bytes to values and back: everything that knows how Asterisk talks."""
