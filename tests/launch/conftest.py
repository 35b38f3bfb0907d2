"""Databases and nodes for these tests."""

from tests.launch.place import attic, place
from tests.postgres import database_url, postgres

__all__ = ["attic", "database_url", "place", "postgres"]
