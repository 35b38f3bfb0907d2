"""Every setting, verb, route and metric is told to the people who run this."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from hotline_ivr.cli.main import app
from hotline_ivr.launch.reloading import RELOADS
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import PREFIX, Settings
from hotline_ivr.web.health import build_app
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.public_hours import FORMS, Pages, hours_app
from tests.plans import a_plan

TOP = Path(__file__).parents[1]
OPERATIONS = (TOP / "docs" / "operations.md").read_text(encoding="utf-8")
README = (TOP / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_operations_guide_with_its_description(name: str) -> None:
    row = re.search(rf"^\| `{PREFIX}{name.upper()}` \|.*$", OPERATIONS, re.MULTILINE)
    assert row, f"docs/operations.md has no row for {PREFIX}{name.upper()}"
    description = Settings.model_fields[name].description
    assert description
    assert description in row[0]


def verbs() -> list[str]:
    group = typer.main.get_command(app)
    return sorted(group.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_is_in_the_operations_guide(verb: str) -> None:
    assert f"`hotline {verb}" in OPERATIONS


def test_every_route_is_in_the_operations_guide() -> None:
    hours = hours_app(Pages(lambda: Rulebook(a_plan()), lambda: datetime.now(UTC)))
    told = [route for route in build_app({}, Metrics(), hours=hours).router.routes() if route.method == "GET"]
    assert len(told) == 3 + len(FORMS)
    for route in told:
        assert route.resource is not None
        assert f"`{route.resource.canonical}`" in OPERATIONS


@pytest.mark.parametrize("name", sorted(set(Metrics().names())))
def test_every_metric_is_in_the_operations_guide(name: str) -> None:
    assert f"`{name}`" in OPERATIONS


def test_the_readme_is_short_and_says_when_not_to_use_this() -> None:
    assert len(README.splitlines()) < 120
    assert "## When not to use it" in README


def test_every_rendered_file_that_changes_with_the_plan_can_be_reloaded() -> None:
    assert {"pjsip.conf", "queues.conf", "extensions.conf", "manager.conf"} <= set(RELOADS)
