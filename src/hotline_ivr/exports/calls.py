"""Calls and their legs, in the order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select

from hotline_ivr.exports.columns import (
    Column,
    Kind,
    Personal,
    Row,
    Source,
    Wanted,
    count,
    duration,
    flag,
    moment,
    number,
    place_of,
    text,
)
from hotline_ivr.exports.within import count_within, within
from hotline_ivr.store.streaming import pages, raw
from hotline_ivr.store.tables import call, leg

_COLUMNS = (
    text("node", "node that took it"),
    text("id", "the call's id", 24),
    text("line", "id of its line"),
    text("kind", "`caller`, or `callback` where the service rang"),
    number("number", "number that was called"),
    number("caller", "the caller's number", Personal.NUMBER),
    Column("caller_name", text("", "").cell, "the caller's name as sent", 20, Personal.NAME),
    text("caller_kind", "whether the number was whole, withheld or no number"),
    moment("arrived_at", "arrival"),
    moment("picked_up_at", "answered by us, from when on it is paid"),
    moment("greeting_started_at", "greeting began"),
    moment("greeting_ended_at", "greeting ended"),
    moment("queued_at", "entered the queue"),
    moment("ringing_at", "operators' telephones rang, the last time"),
    moment("connected_at", "first conversation began"),
    moment("ended_at", "end; empty while it lasts"),
    moment("last_event_at", "last moment of which anything is known"),
    duration("wait", "from the queue to an operator, or to leaving it"),
    duration("talk", "with operators"),
    duration("total", "from arrival to end"),
    text("queue", "queue it waited in"),
    text("operator", "first operator it spoke with"),
    text("outcome", "how it ended", 14),
    text("stage", "where it was last"),
    text("ended_by", "who ended it"),
    count("end_cause", "Q.850 cause"),
    text("queue_status", "Asterisk's word on leaving the queue"),
    text("route", "who decided: service, fallback or both"),
    text("reasons", "reasons of the decisions", 30),
    text("keys", "keys pressed, by menu", 24),
    count("rings", "operators rung"),
    count("unanswered_rings", "of these, unanswered"),
    text("centre", "centre outside it was handed to"),
    number("outside_number", "number there; of a callback the person's", Personal.OUTSIDE),
    duration("outside_ring", "ringing outside"),
    duration("outside_talk", "conversation outside"),
    text("confirmation", "whether who answered there pressed 1"),
    text("attempt", "of a call back: which attempt", 24),
    text("consent", "whether the caller may be recorded, where that was asked or told"),
    count("recorded", "parts of its conversations that were recorded"),
    text("discrepancy", "where Asterisk's two logs differ"),
    flag("finished", "whether it is over"),
    text("plan_version", "configuration it began with"),
    count("fold_version", "version of the fold that made the row"),
)

_LEGS = (
    text("node", "node that took the call"),
    text("call_id", "the call's id", 24),
    text("line", "id of its line"),
    text("channel", "id of this channel", 24),
    text("channel_name", "its name in Asterisk", 30),
    text("operator", "whose telephone it was"),
    text("device", "which of several"),
    moment("started_at", "rung"),
    moment("answered_at", "taken up"),
    moment("connected_at", "first moment with the caller"),
    moment("ended_at", "end"),
    duration("talk", "time with the caller"),
    count("cause", "Q.850 cause"),
    text("result", "what became of ringing it"),
)

_KEYS = (raw(call.c.arrived_at), call.c.node, call.c.id)


def _stored(name: str) -> Any:
    return call.c[name] if name in call.c else call.c[f"{name}_ms"]


def of_calls(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    """Only calls that are wanted."""
    return within(statement, wanted, call, "arrived_at")


def _calls(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    chosen = [raw(_stored(column.name)) for column in _COLUMNS]
    keys = [key.label(f"key{place}") for place, key in enumerate(_KEYS)]
    return pages(source.connection, of_calls(select(*chosen, *keys), wanted), _KEYS)


def _count_calls(source: Source, wanted: Wanted) -> int:
    return count_within(source, wanted, call, "arrived_at")


def _legs(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    chosen = [
        call.c.line
        if column.name == "line"
        else raw(leg.c["talk_ms" if column.name == "talk" else column.name])
        for column in _LEGS
    ]
    keys = (*_KEYS, leg.c.channel)
    labelled = [key.label(f"key{place}") for place, key in enumerate(keys)]
    joined = call.join(leg, (leg.c.node == call.c.node) & (leg.c.call_id == call.c.id))
    return pages(source.connection, of_calls(select(*chosen, *labelled).select_from(joined), wanted), keys)


CALLS = Kind(
    name="calls",
    title="Calls",
    about="every call, one row",
    columns=_COLUMNS,
    line_at=place_of(_COLUMNS)["line"],
    pages=_calls,
    count=_count_calls,
)
LEGS = Kind(
    name="legs",
    title="Legs",
    about="every telephone that was rung for a call, or was connected with it",
    columns=_LEGS,
    line_at=place_of(_LEGS)["line"],
    pages=_legs,
)
