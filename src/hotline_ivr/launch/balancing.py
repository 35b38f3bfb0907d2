"""The balance proof of a node: its own rows against Asterisk's files on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hotline_ivr.asterisk.witness import read_witness
from hotline_ivr.config.check import check
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.balance import Balance, not_written
from hotline_ivr.routing.balance_report import BalanceReport, report_data
from hotline_ivr.routing.balance_sides import Imbalance, Written
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.settings import Settings
from hotline_ivr.store.balance import Night, balance_rows, balance_rows_of, doubled_ids, keep_night
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.reading import read_once

MOST_SHOWN = 200
"""Differences that are named; more than this have one cause, and the number tells the rest."""

# What is younger than a row's refresh and so many seconds more may be in one account alone.
SETTLE = 5.0


@dataclass(frozen=True, slots=True)
class Span:
    """Arrivals from `since` to before `until` (aware)."""

    since: datetime
    until: datetime


def organisation_zone(settings: Settings) -> ZoneInfo | None:
    """The zone of the organisation's days; None if the configuration cannot be read."""
    plan = check(settings.config).plan
    return None if plan is None else zone_of(shift_zone(plan))


def span_of_day(day: date, zone: ZoneInfo | None) -> Span:
    """A day on the organisation's clock, or on this machine's: 23, 24 or 25 hours."""

    def midnight(of: date) -> datetime:
        start = datetime(of.year, of.month, of.day, tzinfo=zone)
        return (start if zone is not None else start.astimezone()).astimezone(UTC)

    return Span(midnight(day), midnight(day + timedelta(days=1)))


async def prove(settings: Settings, span: Span, *, files: bool = True) -> BalanceReport:
    """The proof for this node. Raises StoreError, and OSError for files that cannot be read."""
    since, until = to_micros(span.since), to_micros(span.until)
    read_at = time.time_ns() // 1000
    # The files first: what is in them by then is in the database soon after.
    written = read_witness(settings.cel_file, settings.queue_log_file, since, until) if files else None
    settle = int((settings.record_refresh + SETTLE) * 1_000_000)

    def compare(connection: Connection) -> BalanceReport:
        balance = Balance(written, since, until, read_at=read_at, settle=settle)
        return _compare(connection, settings.node, balance, written, (since, until))

    return await read_once(settings.database, compare)


def _compare(
    connection: Connection, node: str, balance: Balance, written: Written | None, span: tuple[int, int]
) -> BalanceReport:
    count, shown = 0, list[Imbalance]()

    def note(found: Imbalance) -> None:
        nonlocal count
        count += 1
        if len(shown) < MOST_SHOWN:
            shown.append(found)

    for row in balance_rows(connection, node, *span):
        for found in balance.add(row):
            note(found)
    unseen = {call.id: call for call in balance.unseen()}
    # A row may say another moment of arrival than the files, where the clock was set.
    for row in balance_rows_of(connection, node, list(unseen)):
        del unseen[row.id]
    for call in unseen.values():
        note(balance.missing(call))
    for ident, nodes in doubled_ids(connection, node, *span):
        note(balance.doubled(ident, nodes))
    lost = balance.lost()
    for gap in lost:
        note(not_written(gap))
    balance.finish()
    return BalanceReport(
        node=node,
        since=span[0],
        until=span[1],
        files_since=written.cel_since if written is not None else None,
        judged_until=balance.settled,
        files=written.files if written is not None else 0,
        unreadable=written.unreadable if written is not None else 0,
        lines=balance.lines,
        callbacks=balance.callbacks,
        lost_channels=sum(gap.channels for gap in lost),
        differences=count,
        shown=tuple(shown),
    )


async def prove_and_keep(settings: Settings, day: date, zone: ZoneInfo | None) -> Night:
    """The proof of a whole day, kept in the database. Raises StoreError, or OSError."""
    report = await prove(settings, span_of_day(day, zone))
    night = Night(
        node=settings.node,
        day=day.isoformat(),
        made_at=datetime.now(UTC),
        arrivals=report.arrivals,
        callbacks=report.callbacks,
        under_way=report.under_way,
        differences=report.differences,
        even=report.even,
        report=json.dumps(report_data(report), ensure_ascii=False),
    )
    store = await _open(settings.database)
    try:
        await store.write(lambda connection: keep_night(connection, night))
    finally:
        await store.close()
    return night


async def _open(url: str) -> Store:
    require_file(url)
    store = open_store(url)
    try:
        await check_schema(store)
    except StoreError:
        await store.close()
        raise
    return store
