"""What web hooks are told: with the row or not at all, each version once, and bounded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.disclosure import Disclosure
from hotline_ivr.routing.ledger import Batch, LedgerConflictError, Position
from hotline_ivr.routing.machine import UNDISTURBED
from hotline_ivr.routing.webhooks import DeliveryState, HookDelivery, Notice, Subscription
from hotline_ivr.store import webhook_deliveries as deliveries
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.refolding import refold
from hotline_ivr.store.webhook_spool import REMOVED, spool, spool_calls, subscribe
from tests.exports.records import answered, handed_on

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hook(name: str = "crm", **more: Any) -> Subscription:
    known: dict[str, Any] = {
        "events": frozenset({"call-ended"}),
        "lines": frozenset(),
        "numbers": False,
        "give_up_after": HOUR,
    }
    return Subscription(name, **known | more)


async def opened(url: str, *hooks: Subscription) -> Store:
    await upgrade(url)
    store = open_store(url)
    await store.write(lambda connection: subscribe(connection, "main", hooks))
    return store


async def commit(store: Store, *records: CallRecord, told: list[int] | None = None, **more: Any) -> None:
    ledger = DatabaseLedger(store, "main", spooled=lambda: told.append(1) if told is not None else None)
    await ledger.commit(Batch("main", records=records, **more))


async def waiting(store: Store, name: str = "crm", now: datetime | None = None) -> list[HookDelivery]:
    later = now or datetime.now(UTC) + HOUR
    return await store.read(lambda connection: deliveries.due(connection, "main", name, later, 100))


async def all_of(store: Store) -> list[HookDelivery]:
    return await store.read(lambda connection: deliveries.newest(connection, "main", None, 100))


async def test_a_call_that_ended_is_told_once_to_who_wants_it(database_url: str) -> None:
    store = await opened(database_url, hook(), hook("other", lines=frozenset({"elsewhere"})))
    told: list[int] = []
    record = answered(1, caller="+4790000001", caller_name="<b>Eve</b>")
    await commit(store, record._replace(finished=False), told=told)
    assert not told
    await commit(store, record, told=told)
    await commit(store, record, told=told)
    assert told == [1]
    (each,) = await all_of(store)
    assert (each.hook, each.subject, each.version, each.id("main")) == (
        "crm",
        record.id,
        1,
        f"main:call-ended:{record.id}:1",
    )
    body = json.loads(each.body)
    assert (body["schema"], body["event"], body["version"]) == ("hotline/event/1", "call-ended", 1)
    call = body["data"]["call"]
    assert (call["outcome"], call["caller"], call["caller_name"]) == ("answered", "+47 •••• 001", "")
    assert call["arrived_at"].endswith("Z")
    assert len(body["data"]["legs"]) == len(record.legs)
    assert "fold_version" not in call
    await store.close()


async def test_numbers_are_told_in_full_only_where_the_configuration_says_so(database_url: str) -> None:
    store = await opened(database_url, hook(), hook("full", numbers=True))
    await commit(store, answered(1, caller="+4790000001", caller_name="Eve"))
    told = {each.hook: json.loads(each.body)["data"]["call"]["caller"] for each in await all_of(store)}
    assert told == {"crm": "+47 •••• 001", "full": "+4790000001"}
    await store.close()


async def test_late_events_are_told_as_the_next_version_after_the_one_before(database_url: str) -> None:
    store = await opened(database_url, hook())
    record = answered(1)
    await commit(store, record)
    await commit(store, record._replace(talk_ms=1, fold_version=99))
    await commit(store, record._replace(talk_ms=1, fold_version=100))
    assert [each.version for each in await all_of(store)] == [2, 1]
    (first,) = await waiting(store)
    assert first.version == 1
    sent = _tried(first, DeliveryState.SENT)
    await store.write(lambda connection: deliveries.settle(connection, "main", [sent]))
    (second,) = await waiting(store)
    assert (second.version, json.loads(second.body)["data"]["call"]["talk_ms"]) == (2, 1)
    await store.close()


async def test_a_transaction_that_fails_tells_nobody(database_url: str) -> None:
    store = await opened(database_url, hook())
    move = (Position(Source.CEL, 1, 1, 7, "x"), Position(Source.CEL, 1, 1, 9, "x"))
    with pytest.raises(LedgerConflictError):
        await commit(store, answered(1), moves=[move])

    def fails(connection: Any) -> None:
        spool_calls(connection, "main", [answered(2)], NOW)
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        await store.write(fails)
    assert await all_of(store) == []
    await store.close()


async def test_nobody_to_tell_costs_no_rows(database_url: str) -> None:
    store = await opened(database_url)
    await commit(store, answered(1))
    assert await all_of(store) == []
    # History is not told to who comes later.
    await store.write(lambda connection: subscribe(connection, "main", [hook()]))
    await store.write(lambda connection: spool_calls(connection, "main", [answered(1)], NOW, known_only=True))
    assert await all_of(store) == []
    await store.close()


async def test_a_call_that_is_folded_anew_is_told_to_who_was_told_of_it(database_url: str) -> None:
    store = await opened(database_url, hook())
    record, events = handed_on()
    await commit(store, record._replace(talk_ms=1), events=events)
    await store.write(lambda connection: refold(connection, "main", [record.id], UNDISTURBED))
    told = {each.version: json.loads(each.body)["data"]["call"]["talk_ms"] for each in await all_of(store)}
    assert told == {1: 1, 2: record.talk_ms}
    await store.close()


async def test_an_entry_of_another_module_is_told_in_its_own_transaction(database_url: str) -> None:
    store = await opened(database_url, hook(events=frozenset({"entry-saved"})))

    def notice(text: str) -> Notice:
        def data(disclosure: Disclosure) -> dict[str, str]:
            return {"question": text, "caller": disclosure.number("+4790000001")}

        return Notice("entry-saved", "entry-7", "info", data)

    for text in ("one", "two"):
        await store.write(lambda connection, text=text: spool(connection, "main", [notice(text)], NOW))  # type: ignore[misc]
    told = {each.version: json.loads(each.body)["data"] for each in await all_of(store)}
    assert told[2] == {"question": "two", "caller": "+47 •••• 001"}
    assert sorted(told) == [1, 2]
    await store.close()


async def test_what_waits_for_a_web_hook_that_was_taken_away_is_given_up(database_url: str) -> None:
    store = await opened(database_url, hook(), hook("stays"))
    await commit(store, answered(1))
    await store.write(lambda connection: subscribe(connection, "main", [hook("stays")]))
    told = {each.hook: (each.state, each.reason) for each in await all_of(store)}
    assert told == {"crm": (DeliveryState.FAILED, REMOVED), "stays": (DeliveryState.WAITING, "")}
    await store.close()


async def test_tried_too_long_is_given_up_and_tried_again_when_told(database_url: str) -> None:
    store = await opened(database_url, hook())
    await commit(store, answered(1), answered(2))
    now = datetime.now(UTC)
    assert await store.write(lambda connection: deliveries.expire(connection, "main", "crm", now, "x")) == 0
    late = now + 2 * HOUR
    assert await store.write(lambda connection: deliveries.expire(connection, "main", "crm", late, "x")) == 2
    seen = await store.read(lambda connection: deliveries.counts(connection, "main"))
    assert (seen["crm"].waiting, seen["crm"].failed) == (0, 2)
    assert await store.write(lambda connection: deliveries.retry(connection, "main", "crm", late, HOUR)) == 2
    assert len(await waiting(store, now=late)) == 2
    await store.close()


async def test_the_tables_stay_small(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_WAITING", "MOST_SENT", "MOST_FAILED"):
        monkeypatch.setattr(deliveries, name, 2)
    store = await opened(database_url, hook())
    for number in range(6):
        await commit(store, answered(number))
    found = sorted(await waiting(store), key=lambda each: each.created_at)
    sent = [_tried(each, DeliveryState.SENT, after_s=place) for place, each in enumerate(found[:3])]
    await store.write(lambda connection: deliveries.settle(connection, "main", sent))
    now = datetime.now(UTC)
    given_up = await store.write(lambda connection: deliveries.prune(connection, "main", "crm", now))
    states = [each.state.value for each in await all_of(store)]
    assert given_up == 1
    assert sorted(states) == ["failed", "sent", "sent", "waiting", "waiting"]
    much_later = now + deliveries.SUBJECTS_KEPT + HOUR
    await store.write(lambda connection: deliveries.prune(connection, "main", "crm", much_later))
    await store.close()


def _tried(each: HookDelivery, state: DeliveryState, after_s: int = 0) -> HookDelivery:
    from dataclasses import replace

    return replace(each, state=state, tries=1, tried_at=NOW + timedelta(seconds=after_s))


@pytest.mark.postgres
async def test_what_becomes_known_while_a_call_settles_is_told_with_it(database_url: str) -> None:
    store = await opened(database_url, hook(settle=timedelta(seconds=3)), hook("at-once"))
    record = answered(1)

    async def spooled(after_s: float, talk_ms: int) -> None:
        at = NOW + timedelta(seconds=after_s)
        told = record._replace(talk_ms=talk_ms)
        await store.write(lambda connection: spool_calls(connection, "main", [told], at))

    async def due(after_s: float) -> list[tuple[int, int]]:
        found = await waiting(store, now=NOW + timedelta(seconds=after_s))
        return [(each.version, json.loads(each.body)["data"]["call"]["talk_ms"]) for each in found]

    await spooled(0, 1)
    await spooled(2, 2)
    # Of two that come late, the newest is told, at the moment of the first.
    assert await due(2.9) == []
    assert await due(3) == [(2, 2)]
    assert [each.version for each in await all_of(store) if each.hook == "at-once"] == [2, 1]
    # What may be on its way stays, and the next version comes after it.
    await spooled(3.5, 3)
    assert await due(9) == [(2, 2)]
    (second,) = await waiting(store, now=NOW + timedelta(seconds=9))
    sent = _tried(second, DeliveryState.SENT)
    await store.write(lambda connection: deliveries.settle(connection, "main", [sent]))
    assert await due(6) == []
    assert await due(6.5) == [(3, 3)]
    # One that failed is not withdrawn, though it is not due.
    (third,) = await waiting(store, now=NOW + timedelta(seconds=7))
    failed = replace(third, tries=1, next_at=NOW + HOUR)
    await store.write(lambda connection: deliveries.settle(connection, "main", [failed]))
    await spooled(8, 4)
    assert [each.version for each in await all_of(store) if each.hook == "crm"] == [4, 3, 2]
    await store.close()
