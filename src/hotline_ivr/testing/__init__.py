"""Fakes and callers that ship with the package, for its tests and for yours."""
