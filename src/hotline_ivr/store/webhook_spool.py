"""Spooling what web hooks are told, in the transaction of what it tells of: both are kept, or neither.

Who is to be told stands in the database, so that whoever writes of a call spools for it, be it the service or
a command beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.disclosure import disclosure
from hotline_ivr.routing.webhooks import DeliveryState, Notice, Subscription, body_of, call_notice
from hotline_ivr.store.webhook_tables import webhook, webhook_delivery, webhook_subject

# Keys in one IN (...): SQLite takes 999 parameters in old versions.
_AT_ONCE = 200

REMOVED = "the configuration has no such web hook any more"


def subscribe(connection: Connection, node: str, wanted: Sequence[Subscription]) -> None:
    """Have these web hooks told from now on, and no others; what is on its way to another is given up."""
    connection.execute(delete(webhook).where(webhook.c.node == node))
    if wanted:
        connection.execute(insert(webhook), [_row(node, each) for each in wanted])
    columns = webhook_delivery.c
    gone = update(webhook_delivery).where(columns.node == node, columns.state == DeliveryState.WAITING.value)
    gone = gone.where(columns.hook.not_in([each.hook for each in wanted]))
    connection.execute(gone.values(state=DeliveryState.FAILED.value, reason=REMOVED))


def subscriptions(connection: Connection, node: str) -> list[Subscription]:
    """Who is to be told of what happens at a node."""
    return [
        Subscription(
            row.hook,
            frozenset(row.events.split()),
            frozenset(row.lines.split()),
            bool(row.numbers),
            timedelta(seconds=row.give_up_s),
            timedelta(seconds=row.settle_s),
        )
        for row in connection.execute(select(webhook).where(webhook.c.node == node))
    ]


def spool_calls(
    connection: Connection,
    node: str,
    records: Iterable[CallRecord],
    now: datetime,
    *,
    known_only: bool = False,
) -> int:
    """Spool that these calls have ended, or that more is known of them; see `spool`."""
    ended = [record for record in records if record.finished]
    if not ended:
        return 0
    notices = (call_notice(record) for record in ended)
    return spool(connection, node, [each for each in notices if each is not None], now, known_only=known_only)


def spool(
    connection: Connection, node: str, notices: Sequence[Notice], now: datetime, *, known_only: bool = False
) -> int:
    """Spool these for all who want them, where they say anything new; how many deliveries that makes.

    `known_only` leaves out subjects of which nobody was ever told: history that is made anew is no news.
    """
    hooks = subscriptions(connection, node) if notices else []
    told = [(notice, [hook for hook in hooks if hook.wants(notice)]) for notice in notices]
    made = 0
    for start in range(0, len(told), _AT_ONCE):
        some = [(notice, who) for notice, who in told[start : start + _AT_ONCE] if who]
        if some:
            made += _spool(connection, node, some, now, known_only=known_only)
    return made


def _spool(
    connection: Connection,
    node: str,
    told: Sequence[tuple[Notice, Sequence[Subscription]]],
    now: datetime,
    *,
    known_only: bool,
) -> int:
    known = _known(connection, node, [notice for notice, _ in told])
    settling = _settling(connection, node, known, now)
    subjects: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for notice, who in told:
        version, stands = known.get((notice.event, notice.subject), (0, ""))
        digest = notice.digest()
        if digest == stands or (known_only and not version):
            continue
        version += 1
        key = {"node": node, "event": notice.event, "subject": notice.subject, "version": version}
        subjects.append(key | {"digest": digest, "at": now})
        for hook in who:
            since = settling.pop((hook.hook, notice.event, notice.subject), None)
            if since is not None:
                # Nobody has been told yet: the newer version leaves at its moment, in its place.
                _withdraw(connection, key | {"hook": hook.hook}, now)
            made = key | _delivery(notice, hook, node, version, now)
            deliveries.append(made | ({} if since is None else {"next_at": since}))
    if subjects:
        insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        upsert = insert_into(webhook_subject)
        changes = {name: upsert.excluded[name] for name in ("version", "digest", "at")}
        connection.execute(
            upsert.on_conflict_do_update(index_elements=["node", "event", "subject"], set_=changes), subjects
        )
        # The same version comes twice only from two writers at once, which say the same.
        connection.execute(insert_into(webhook_delivery).on_conflict_do_nothing(), deliveries)
    return len(deliveries)


def _settling(
    connection: Connection, node: str, known: Collection[tuple[str, str]], now: datetime
) -> dict[tuple[str, str, str], datetime]:
    """By hook, event and subject, when what waits for more to become known will leave: not yet."""
    columns = webhook_delivery.c
    subjects = [subject for event, subject in known if event == "call-ended"]
    if not subjects:
        return {}
    wanted = select(columns.hook, columns.event, columns.subject, columns.next_at).where(
        columns.node == node, columns.event == "call-ended", columns.subject.in_(subjects), *_untold(now)
    )
    return {(row.hook, row.event, row.subject): row.next_at for row in connection.execute(wanted)}


def _untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    columns = webhook_delivery.c
    return (columns.state == DeliveryState.WAITING.value, columns.tries == 0, columns.next_at > now)


def _withdraw(connection: Connection, key: Mapping[str, Any], now: datetime) -> None:
    columns = webhook_delivery.c
    its = (columns[name] == value for name, value in key.items() if name != "version")
    connection.execute(delete(webhook_delivery).where(*its, *_untold(now)))


def _known(
    connection: Connection, node: str, notices: Sequence[Notice]
) -> dict[tuple[str, str], tuple[int, str]]:
    """Version and hash of what was told last; held until the transaction ends."""
    columns = webhook_subject.c
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for event in {notice.event for notice in notices}:
        ids = [notice.subject for notice in notices if notice.event == event]
        wanted = select(columns.subject, columns.version, columns.digest).where(
            columns.node == node, columns.event == event, columns.subject.in_(ids)
        )
        for subject, version, digest in connection.execute(wanted.with_for_update()):
            found[event, subject] = (version, digest)
    return found


def _delivery(notice: Notice, hook: Subscription, node: str, version: int, now: datetime) -> dict[str, Any]:
    return {
        "hook": hook.hook,
        "created_at": now,
        "next_at": now + hook.rest(notice.event),
        "expires_at": now + hook.give_up_after,
        "state": DeliveryState.WAITING.value,
        "tries": 0,
        "reason": "",
        "tried_at": None,
        "body": body_of(notice, node, version, now, disclosure(numbers=hook.numbers)),
    }


def _row(node: str, each: Subscription) -> dict[str, Any]:
    return {
        "node": node,
        "hook": each.hook,
        "events": " ".join(sorted(each.events)),
        "lines": " ".join(sorted(each.lines)),
        "numbers": each.numbers,
        "give_up_s": int(each.give_up_after.total_seconds()),
        "settle_s": int(each.settle.total_seconds()),
    }
