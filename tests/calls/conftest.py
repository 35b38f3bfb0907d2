"""Databases and Asterisk's files for these tests."""

from tests.calls.keeping import files, store
from tests.postgres import database_url, postgres

__all__ = ["database_url", "files", "postgres", "store"]
