"""Alerts and duty at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline_ivr.routing.alarms import Alarm, AlarmKey
from tests.cli.terminal import Terminal
from tests.cli.test_main import folder, hotline
from tests.cli.test_operators import terminal
from tests.web.api.conftest import database, house, store
from tests.web.api.house import NOW, House
from tests.web.api.test_alerts import ALERT, ROTA

__all__ = ["database", "folder", "house", "store", "terminal"]

pytestmark = pytest.mark.timeout(120)


async def test_alarms_and_alerts_are_listed(terminal: Terminal, house: House) -> None:
    assert (await terminal("alerts", "list")).stdout == "nothing is wrong\n"
    house.alerts.standing = {AlarmKey("ghost-open", "main"): Alarm(NOW, None)}
    house.alerts.waiting = (ALERT,)
    shown = (await terminal("alerts", "list")).stdout
    assert "ALARM ghost-open main: since 2026-11-23 12:30:00, not told yet" in shown
    assert "mail ops@example.org: waiting after 2 tries: no answer; again 2026-11-23 12:30:00" in shown
    listed = json.loads((await terminal("alerts", "list", "--json")).stdout)
    assert listed["schema"] == "hotline/alerts/1"
    assert listed["queued"][0]["id"] == "a-1"


async def test_a_test_says_that_nobody_is_told(terminal: Terminal, house: House) -> None:
    done = await terminal("alerts", "test")
    assert (done.returncode, "nobody is told of anything" in done.stdout) == (0, True)
    (entry,) = house.trail.entries()
    assert (entry.action, entry.via) == ("alerts.test", "command")


def test_alerts_need_the_service(folder: Path) -> None:
    assert hotline(folder, "alerts", "list").returncode == 4


def test_duty_needs_no_service(folder: Path) -> None:
    assert hotline(folder, "duty").returncode == 1
    file = next((folder / "config").glob("*.yaml"))
    with file.open("a", encoding="utf-8") as stream:
        days = [{"on": "2098-01-01", "who": "ola"}, {"on": "2098-01-02", "who": "kari"}]
        YAML(typ="safe", pure=True).dump({"duty": {**ROTA, "days": days}}, stream)
    done = hotline(folder, "duty", "--at", "2098-01-01 12:00", "--days", "1")
    assert done.stdout.splitlines()[0] == "on duty: Ola, ola@example.org"
    assert "Wed 2098-01-01 00:00 to Thu 2098-01-02 00:00  ola" in done.stdout
    shown = json.loads(hotline(folder, "duty", "--json").stdout)
    assert shown["schema"] == "hotline/duty/1"
    assert shown["now"]["id"] in ROTA["people"]
    assert {each["who"] for each in shown["turns"]} == set(ROTA["people"])
