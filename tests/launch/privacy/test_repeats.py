"""Who called again, counted from a record, before and after its numbers went."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.errors import StoreError
from hotline_ivr.launch.privacy.erasing import erase
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.launch.repeats import RepeatWatch, count_repeats, repeats_apart
from hotline_ivr.routing.repeats import RepeatWish
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.observers import RepeatObserver
from tests.calls.asterisk_files import a_call
from tests.launch.place import Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, a_node, by

HOUR = 3600
LATER = CALLED_AT + timedelta(days=30)
WISH = RepeatWish(since=CALLED_AT - timedelta(hours=1))


@pytest.fixture
async def node(tmp_path: Path, database_url: str) -> Place:
    """One who asked twice and gave up once before that; one who asked once."""
    place = a_node(tmp_path, database_url, {"numbers": 10})
    place.write(
        a_call("abandoned_while_ringing", 1, 0),
        a_call("answered_caller_hangs_up", 2, HOUR),
        by(a_call("answered_caller_hangs_up", 3, 2 * HOUR), OTHER),
        a_call("answered_caller_hangs_up", 4, 9 * HOUR),
    )
    await place.keep()
    return place


async def lines(node: Place) -> list[Any]:
    found = await asyncio.to_thread(count_repeats, node.settings, WISH, LATER)
    return found.as_json()["lines"]  # type: ignore[no-any-return]


@pytest.mark.postgres
async def test_the_figure_is_the_same_before_and_after_erasure_and_retention(node: Place) -> None:
    before = await lines(node)
    assert before == [
        {
            "line": "demo",
            "answered": 3,
            "answered_again": 1,
            "unanswered": 1,
            "unanswered_again": 1,
            "withheld": 0,
            "persons": 2,
            "persons_again": 1,
        }
    ]
    async with privacy_place(node.settings, by="tester") as place:
        assert (await erase(place, PERSON)).proof.places == ()
    assert await lines(node) == before
    async with privacy_place(node.settings, by="tester", now=LATER) as place:
        assert [each.count for each in await purge(place) if each.name == "numbers"] == [1]
    assert await lines(node) == before


async def test_calls_that_may_yet_be_repeated_are_left_out(node: Place) -> None:
    soon = CALLED_AT + timedelta(days=3)
    found = await asyncio.to_thread(count_repeats, node.settings, WISH, soon)
    assert found.lines == ()
    assert found.until == found.since
    found = await asyncio.to_thread(
        count_repeats, node.settings, RepeatWish(days=1, line="demo"), CALLED_AT + timedelta(days=2)
    )
    assert [each.answered_again for each in found.lines] == [1]


async def test_a_process_beside_the_service_counts_them(node: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_STATE", str(node.settings.state_dir))
    monkeypatch.setenv("HOTLINE_CONFIG", str(node.settings.config))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", node.settings.database)
    wish = RepeatWish(WISH.since, LATER, "demo", days=2)
    found = await repeats_apart(wish)
    assert json.loads(json.dumps(found))["days"] == 2
    with pytest.raises(StoreError, match="exit code"):
        await repeats_apart(RepeatWish(days=99))


async def test_the_metric_shows_the_newest_figure_and_a_failure_leaves_the_one_before() -> None:
    figures: list[Mapping[str, Any] | None] = [
        {
            "lines": [
                {"line": "a", "answered": 4, "answered_again": 1, "unanswered": 0, "unanswered_again": 0}
            ]
        },
        None,
        {
            "lines": [
                {"line": "b", "answered": 0, "answered_again": 0, "unanswered": 2, "unanswered_again": 2}
            ]
        },
    ]
    metrics, shown = Metrics(), list[str]()

    async def count(_: RepeatWish) -> Mapping[str, Any]:
        figure = figures.pop(0)
        if figure is None:
            raise StoreError("away")
        return figure

    async def sleep(_: float) -> None:
        text = metrics.text().decode()
        shown.append("".join(line for line in text.splitlines() if line.startswith("hotline_calls_repeated")))
        if not figures:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await RepeatWatch(RepeatObserver(metrics), count=count, sleep=sleep).run()
    first = 'hotline_calls_repeated_ratio{after="conversation",line="a"} 0.25'
    second = 'hotline_calls_repeated_ratio{after="no-conversation",line="b"} 1.0'
    assert shown == ["", first, first, second]
