"""Records of calls for these tests, and text as bad as it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.exports.columns import Cell, Column, Kind, Money, Row, Wanted
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.plans import a_plan
from tests.routing.call_tables import CALL, FOLDER, START, read_call

EVERYTHING = Wanted(None, datetime(2100, 1, 1, tzinfo=UTC))
FIRST_US = START * 1_000_000

HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+4722851234",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "blank": "  =1+1",
    "wide": "\uff1d1+1",
    "apostrophe": "'tis",
    "html": "<script>alert(1)</script>&amp;",
    "bidi": "abc\u202etxt.exe\u2069",
    "four bytes": "𝄞 clef 👩‍🎓",
    "newline": "one\r\ntwo\nthree\rfour",
    "control": "a\x00b\x07c\x1bd",
    "surrogate": "a\ud83db",
    "excel escape": "_x0041_ and _x000D_",
    "link": "https://example.org/x",
    "number": "007",
    "quotes": 'say "no"; or, not',
    "long": "å" * 40_000,
    "long of four bytes": "𝄞" * 20_000,
    "error": "#N/A",
    "plain": "Blåbærsyltetøy",
}


def answered(which: int, after_s: float = 0.0, **changes: Any) -> CallRecord:
    """An answered call of the line `demo`, `after_s` seconds after the first."""
    record = fold(read_call(FOLDER / "answered_caller_hangs_up.txt").events, (), node="main")
    assert record is not None
    shift = int(after_s * 1_000_000)
    moments = {
        name: value + shift
        for name in CallRecord._fields
        if name.endswith("_at") and (value := getattr(record, name)) is not None
    }
    ident = f"main-{START}.{which * 10}"
    legs = tuple(leg._replace(channel=f"{ident}-{place}") for place, leg in enumerate(record.legs))
    return record._replace(id=ident, legs=legs, **moments)._replace(**changes)


def handed_on() -> tuple[CallRecord, list[KeptEvents]]:
    """A call that was handed on to a number outside."""
    recorded = read_call(FOLDER / "overflowed.txt")
    record = fold(recorded.events, (), node="main")
    assert record is not None
    return record, [KeptEvents("main", CALL, "cel", 1, 0, keep_events(recorded.events))]


async def fill(url: str, *records: CallRecord, events: list[KeptEvents] | None = None) -> None:
    await upgrade(url)
    store = open_store(url)
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(
        Batch("main", moves=[move], records=list(records), events=events or [])
    )
    await store.close()


def a_kind(*rows: Row, columns: tuple[Column, ...] | None = None) -> Kind:
    """A kind of its own with these rows; one text column unless told otherwise."""
    return Kind(
        name="tests",
        title="Tests",
        about="of tests",
        columns=columns or (Column("text", Cell.TEXT, "text"),),
        line_at=None,
        pages=lambda _source, _wanted: iter([rows]),
    )


TYPED = (
    Column("text", Cell.TEXT, "text"),
    Column("number", Cell.NUMBER, "number"),
    Column("at", Cell.MOMENT, "moment"),
    Column("took", Cell.DURATION, "duration"),
    Column("times", Cell.COUNT, "count"),
    Column("price", Cell.MONEY, "money"),
    Column("well", Cell.FLAG, "flag"),
)


def typed_row(text: str = "x") -> Row:
    from decimal import Decimal

    at = to_micros(datetime(2026, 7, 1, 10, 30, 15, 250_000, tzinfo=UTC))
    return (text, "+4722851234", at, 90_061_500, 3, Money(Decimal("-1234.50"), "NOK"), True)


def contracts(minutes: int | None) -> dict[str, Any]:
    """Contracts as YAML has them: one, of the number of tests/plans.py, with so many minutes included."""
    terms: dict[str, Any] = {
        "carrier": "Telecom",
        "currency": "NOK",
        "time_zone": "Europe/Oslo",
        "from": "2020-01-01",
        "numbers": ["+47 22 85 12 34"],
        "trunks": ["carrier"],
        "channels": 10,
        "inbound": {"per_minute": "0.60", "increments": "60/1"},
        "outbound": {"domestic": {"prefixes": ["+47"], "per_minute": "0.25"}},
    }
    return {"telecom": terms | ({} if minutes is None else {"included": {"minutes": minutes}})}


def contracted() -> Plan:
    """A plan whose number is paid for, with a minute included."""
    return a_plan(sections={"contracts": contracts(1)})
