"""Web hooks at a terminal."""

from __future__ import annotations

import json

import pytest

from tests.cli.terminal import Terminal
from tests.cli.test_main import folder
from tests.cli.test_operators import terminal
from tests.web.api.conftest import database, store
from tests.web.api.house import House
from tests.web.api.test_webhooks import told

__all__ = ["database", "folder", "house", "store", "terminal", "told"]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def house(told: House) -> House:
    return told


async def test_what_waits_is_listed_and_tried_again(terminal: Terminal) -> None:
    shown = (await terminal("webhooks", "list")).stdout
    assert "crm: call-ended; 1 waiting, the oldest since " in shown
    assert "waiting\n" in shown
    listed = json.loads((await terminal("webhooks", "list", "--json")).stdout)
    assert listed["schema"] == "hotline/webhooks/1"
    assert (await terminal("webhooks", "retry", "crm")).stdout == "crm: 1 messages are tried again\n"
    assert (await terminal("webhooks", "retry", "nobody")).returncode == 2
