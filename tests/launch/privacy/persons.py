"""A node with a record in which some persons called, one of them in every way there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.settings import Settings
from hotline_ivr.testing.stack import write_config
from tests.calls.asterisk_files import Written, a_call
from tests.launch.place import NAMES, Place
from tests.routing.call_tables import START

PERSON = "+4798765432"
"""Whom the recorded calls are from, as their tables say."""

OTHER = "+4790000017"
CALLED_AT = datetime.fromtimestamp(START, UTC)


def a_node(folder: Path, url: str, keep: Mapping[str, int] | None = None, **settings: Any) -> Place:
    """Its files, its configuration and its empty database."""
    place = Place(folder / "state", url)
    place.settings = place.settings.model_copy(update={"config": folder / "config", **settings})
    write_config(
        place.settings.config,
        {
            "organisation": {"name": "Test University", "country": "NO"},
            "lines": {
                "demo": {
                    "name": "Demo",
                    "numbers": ["+47 22 85 12 35"],
                    "time_zone": "Europe/Oslo",
                    "hours": "always",
                    "queue": "main",
                }
            },
            "queues": {"main": {"operators": ["anna"]}},
            "operators": {"anna": {"name": "Anna Berg"}},
            "trunks": {"carrier": {"hosts": ["127.0.0.1"]}},
            **({"privacy": {"keep": dict(keep)}} if keep else {}),
        },
    )
    return place


def by(call: Written, number: str) -> Written:
    """The same call, by somebody else."""
    import base64

    def change(text: str) -> str:
        for one, other in ((PERSON, number), (PERSON[3:], number[3:])):
            coded = [base64.b64encode(each.encode()).decode() for each in (one, other)]
            text = text.replace(one, other).replace(coded[0], coded[1])
        return text

    return Written(
        [event._replace(extra=change(event.extra)) for event in call.events],
        [line._replace(data=tuple(map(change, line.data))) for line in call.queue_events],
    )


def every_call() -> list[Written]:
    return [a_call(name, number, 100 * number) for number, name in enumerate(NAMES)]


async def at_place(settings: Settings, *, days_later: float = 1.0) -> Any:
    return privacy_place(settings, by="tester", now=CALLED_AT + timedelta(days=days_later))


def of_counts(record: Mapping[str, Any]) -> dict[str, Any]:
    """What reports are made of."""
    personal = {"caller", "caller_name", "outside_number"}
    return {name: value for name, value in record.items() if name not in personal}
