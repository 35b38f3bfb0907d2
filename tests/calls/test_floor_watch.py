"""Queues are staffed as the plan says."""

from __future__ import annotations

from collections.abc import Sequence

from hotline_ivr.calls.floor_watch import FloorWatch
from hotline_ivr.errors import AsteriskRefused, AsteriskUnreachable
from hotline_ivr.routing.floor import CallerJoined, DeviceState, FloorEvent, MemberSeen, OperatorState
from tests.plans import a_plan

INTERFACES = {"anna": "PJSIP/anna.k3v9", "bjorn": "PJSIP/bjorn.x2m4"}


class FakeQueues:
    """Asterisk's queues: members by (queue, interface)."""

    def __init__(self) -> None:
        self.members: dict[tuple[str, str], MemberSeen] = {}
        self.changes = 0
        self.reachable = True
        self.refused: set[tuple[str, str]] = set()

    async def snapshot(self) -> Sequence[FloorEvent]:
        if not self.reachable:
            raise AsteriskUnreachable("no link")
        return [*self.members.values(), CallerJoined("main", "main-1.1")]

    async def add_member(self, queue: str, operator: str, interface: str) -> None:
        if (queue, operator) in self.refused:
            raise AsteriskRefused("Unable to add interface to queue: No such queue")
        self.changes += 1
        self.members[queue, interface] = MemberSeen(
            queue, operator, interface, DeviceState.NOT_IN_USE, paused=False
        )

    async def remove_member(self, queue: str, interface: str) -> None:
        self.changes += 1
        del self.members[queue, interface]

    def serving(self) -> list[tuple[str, str]]:
        return sorted((queue, seen.operator) for (queue, _), seen in self.members.items())


async def test_everybody_of_the_plan_serves_after_the_first_link() -> None:
    queues = FakeQueues()
    await FloorWatch(queues, a_plan(), INTERFACES).resynchronise()
    assert queues.serving() == [("main", "anna"), ("main", "bjorn")]


async def test_a_restart_of_the_service_changes_nothing_and_keeps_a_pause() -> None:
    queues = FakeQueues()
    await FloorWatch(queues, a_plan(), INTERFACES).resynchronise()
    key = ("main", "PJSIP/anna.k3v9")
    queues.members[key] = MemberSeen(
        "main", "anna", key[1], DeviceState.NOT_IN_USE, paused=True, reason="lunch"
    )
    changes = queues.changes
    watch = FloorWatch(queues, a_plan(), INTERFACES)
    await watch.resynchronise()
    assert queues.changes == changes
    assert watch.floor.operators()["anna"] is OperatorState.PAUSED
    assert watch.floor.waiting_by_queue() == {"main": 1}


async def test_somebody_who_is_gone_from_the_plan_serves_no_more() -> None:
    queues = FakeQueues()
    watch = FloorWatch(queues, a_plan(), INTERFACES)
    await watch.resynchronise()
    await watch.use(a_plan(queues={"main": {"operators": ["anna"]}}), INTERFACES)
    assert queues.serving() == [("main", "anna")]


async def test_a_new_account_takes_the_place_of_the_old_one() -> None:
    queues = FakeQueues()
    watch = FloorWatch(queues, a_plan(), INTERFACES)
    await watch.resynchronise()
    await watch.use(a_plan(), {**INTERFACES, "anna": "PJSIP/anna.new2"})
    assert ("main", "PJSIP/anna.new2") in queues.members
    assert ("main", "PJSIP/anna.k3v9") not in queues.members


async def test_a_plan_taken_while_asterisk_is_away_is_staffed_when_it_is_back() -> None:
    queues = FakeQueues()
    watch = FloorWatch(queues, a_plan(), INTERFACES)
    queues.reachable = False
    await watch.use(a_plan(queues={"main": {"operators": ["bjorn"]}}), INTERFACES)
    queues.reachable = True
    await watch.resynchronise()
    assert queues.serving() == [("main", "bjorn")]


async def test_one_member_that_asterisk_refuses_does_not_cost_the_others_their_places() -> None:
    queues = FakeQueues()
    queues.refused = {("main", "anna")}
    await FloorWatch(queues, a_plan(), INTERFACES).resynchronise()
    assert queues.serving() == [("main", "bjorn")]
