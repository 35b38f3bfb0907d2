"""What time it is for a call: now; for tests, the moment that a file gives to its caller."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hotline_ivr.errors import SettingsError
from hotline_ivr.routing.steps import Call

log = structlog.get_logger()

Clock = Callable[[Call], datetime]


def clock_of_calls(test_clock: Path | None = None) -> Clock:
    """The clock by which calls are decided (UTC).

    `test_clock` names a JSON file {caller's number: ISO moment with its offset}: these callers always ring at
    that moment, so that calls of many different hours can go on at the same time. Only decisions go by it,
    never the record. Raises SettingsError if the file cannot be used.
    """
    if test_clock is None:
        return lambda _: datetime.now(UTC)
    moments = _read(test_clock)
    log.warning(
        "HOTLINE_TEST_CLOCK is set: some callers are decided by another time than now. For tests only!",
        file=str(test_clock),
        callers=len(moments),
    )
    return lambda call: moments.get(call.caller) or datetime.now(UTC)


def _read(path: Path) -> dict[str, datetime]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        moments = {str(caller): datetime.fromisoformat(text) for caller, text in data.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"HOTLINE_TEST_CLOCK={path}: cannot be used ({error})") from None
    if naive := next((caller for caller, moment in moments.items() if moment.tzinfo is None), None):
        raise SettingsError(f"HOTLINE_TEST_CLOCK={path}: the moment of {naive} has no offset, such as +02:00")
    return {caller: moment.astimezone(UTC) for caller, moment in moments.items()}
