"""How many callers there were, and how many of them met a limit of channels, as it happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from hotline_ivr.config.contracts import Contract
from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.store.tables import call


class LimitMet(NamedTuple):
    """Callers who arrived, and those of them whom a limit of ours turned away.

    Whom the carrier itself refused never reached us: there is no record of them.
    """

    arrivals: int
    met: int


def limits_met(
    connection: Connection, contracts: Mapping[str, Contract], since: datetime, until: datetime
) -> dict[tuple[str, str], LimitMet]:
    """By `number` and `contract` with their names, for arrivals from `since` to before `until` (aware).

    Of a contract only those count that arrived on its days.
    """
    found = {("number", number): each for number, each in _by_number(connection, since, until).items()}
    for name, contract in contracts.items():
        if not contract.offer:
            first, last = _days(contract)
            own = _by_number(connection, max(since, first), min(until, last) if last else until)
            mine = [each for number, each in own.items() if number in contract.numbers]
            if mine:
                arrivals, met = (sum(column) for column in zip(*mine, strict=True))
                found["contract", name] = LimitMet(arrivals, met)
    return found


def _by_number(connection: Connection, since: datetime, until: datetime) -> dict[str, LimitMet]:
    columns = call.c
    met = func.sum(case((columns.outcome == Outcome.OVER_LIMIT, 1), else_=0))
    query = (
        select(columns.number, func.count(), met)
        .where(columns.kind == CallKind.CALLER, columns.arrived_at >= since, columns.arrived_at < until)
        .group_by(columns.number)
    )
    return {number: LimitMet(count, over) for number, count, over in connection.execute(query)}


def _days(contract: Contract) -> tuple[datetime, datetime | None]:
    """The first moment of its first day, and that after its last."""
    zone = zone_of(contract.time_zone)
    first = datetime.combine(contract.from_, time(), tzinfo=zone).astimezone(UTC)
    if contract.until is None:
        return first, None
    return first, datetime.combine(contract.until + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
