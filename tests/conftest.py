"""Hooks of the whole run; `workers.py` tells how the work is shared."""

from __future__ import annotations

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler.protocol import Scheduling

from tests.workers import Lanes, Leftovers, place

# How long an example takes is for bench/ to say: here other calls and tests share the processors.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config, "workerinput", None) is None:
        config.pluginmanager.register(Leftovers(), "leftovers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest-randomly has shuffled: what has no place of its own stays as shuffled."""
    items.sort(key=lambda item: place(item.nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Lanes(config, log)
