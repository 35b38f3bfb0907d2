"""From the events of one call to its row. Every rule of how a call is counted lives here.

Pure, and blind to the order in which events are handed over: they are put in the order of the file first, and
doubles are dropped. So a call can be folded again at any time, from whatever is known of it.

The outcome, first that fits:
1. answered: the caller's channel and an operator's were in one bridge;
2. overflowed: the caller's channel and a number outside were in one bridge;
3. voicemail: the caller hung up while a message was recorded, after two seconds or more;
4. what `mark` stage events settled, see steps.settled; entering a queue or ringing outside opens it again;
5. not-reached: the service called back, and nobody took the call;
6. technical, when Asterisk stopped in the middle of the call, or ended it with nothing settled;
7. overflow-lost: the caller hung up while a centre's telephones were ringing;
8. informed: the caller hung up after the information that was played up front, before any queue;
9. abandoned: the caller hung up; `stage` says where.
A call of which only queue_log knows (its channel events were lost) has the outcome that queue_log gives it.
So has one whose last channel events were lost, as on a full disk: it is over when queue_log has it gone and
the file of channel events has long gone on without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TypeVar

from hotline_ivr.routing.call_record import CallKind, CallRecord, Discrepancy, EndedBy, Route
from hotline_ivr.routing.cel import QUEUE_LOG_RESOLUTION, CallEvent, QueueEvent
from hotline_ivr.routing.fold_legs import CALLED_OFF_WITHIN_US, hangup_of, operator_of
from hotline_ivr.routing.fold_queue import QueueStory
from hotline_ivr.routing.folding import OWN_PAIRS, Folding
from hotline_ivr.routing.log_clocks import Ahead
from hotline_ivr.routing.machine import UNDISTURBED, Machine
from hotline_ivr.routing.restarts import Restart, last_moment
from hotline_ivr.routing.steps import Outcome, Stage

# Counted up when the same events give another row than before; `hotline refold` makes old rows anew.
FOLD_VERSION = 4

RESTARTED = "asterisk-restart"
CLOCK_SET = "clock-set"
# Asterisk, told to restart at once, hangs up every call itself, waits for them for 15 s at most, starts anew.
RESTARTS_WITHIN_US = 30_000_000
# It ends both sides of a conversation within milliseconds.
TOGETHER_US = 1_000_000
NOTHING_SETTLED = "nothing-settled"
EVENTS_LOST = "events-lost"

_AnyEvent = TypeVar("_AnyEvent", CallEvent, QueueEvent)
_GENERATION, _OFFSET = 6, 7  # where both kinds of event have them
# Endpoints of carriers are rendered with this prefix (asterisk/render/pjsip.py).
TRUNK_CHANNEL = "PJSIP/trunk-"
# A message that is shorter is nobody speaking after the tone, which takes its part of it.
_SHORTEST_MESSAGE_US = 2_000_000
_position = itemgetter(_GENERATION, _OFFSET)
_moment = itemgetter(1)


def fold(
    events: Iterable[CallEvent],
    queue_events: Iterable[QueueEvent] = (),
    *,
    node: str,
    machine: Machine = UNDISTURBED,
    heard_to: int | None = None,
) -> CallRecord | None:
    """The row of the call that all these events belong to.

    None when there is no call to the hotline: no event at all, or a channel that came from no carrier and
    reached no line of ours, such as an operator's telephone that dialled somewhere, or the doctor's; or one
    that reached the control number.
    A call that has not ended when Asterisk starts was cut off (routing/restarts.py), and ends at the last
    moment of which anything is known. So was one that Asterisk itself hung up shortly before. Where the
    machine's clock was set in the middle of it, all its times are by the clock by which it began
    (routing/log_clocks.py). All that was written of channels before `heard_to` (microseconds UTC) is known.
    """
    as_written, lines = in_order(events), in_order(queue_events)
    if not as_written and not lines:
        return None
    ordered, straight, ahead = machine.clocks.straightened(as_written, lines)
    story = QueueStory(straight)
    if ordered:
        folding = Folding(ordered[0].call)
        folding.take(ordered)
        name = folding.channel_name
        if folding.control:
            return None
        known = folding.arrived or folding.attempt is not None
        if name and not known and not name.startswith(TRUNK_CHANNEL):
            return None
    else:
        folding = Folding(story.events[0].call)
    first_at, last_at = (ordered or story.events)[0].at, last_moment(ordered, story.events)
    cut = None if folding.over else machine.restarts.cutting(as_written, lines)
    if cut is not None:
        # Nothing more of it was written then.
        heard_to = cut.at
    lost = heard_to is not None and _end_is_lost(folding, story, last_at, heard_to - ahead.now)
    restart = cut or machine.restarts.next_after(last_at + ahead.at_last)
    if restart is not None:
        restart = restart._replace(at=restart.at - ahead.at_last)
    return _record(
        folding, node, story, restart, ahead, first_at=first_at, last_at=last_at, lost=lost, cut=bool(cut)
    )


def in_order(events: Iterable[_AnyEvent]) -> list[_AnyEvent]:
    """In the order of the file, each event once.

    Within one generation of the file an event is known by its place. The same event in two generations
    (a file copied and read again) is known by its content. Generations below 0 are archives that were taken
    in later (`hotline ingest`): nobody knows any more which file came before which, so a call that is in
    several of them is put in the order of time.
    """
    given = list(events)
    places = [event[_OFFSET] for event in given]
    one_generation = len({event[_GENERATION] for event in given}) <= 1
    if one_generation and places == sorted(set(places)):
        return given
    ordered = sorted(set(given), key=_position)
    if one_generation:
        return ordered
    first_of: dict[tuple[object, ...], _AnyEvent] = {}
    if ordered[0].generation < 0:
        ordered.sort(key=_moment)
    for event in ordered:
        first_of.setdefault(event[:_GENERATION], event)
    return list(first_of.values())


def _record(
    known: Folding,
    node: str,
    story: QueueStory,
    restart: Restart | None,
    ahead: Ahead,
    *,
    first_at: int,
    last_at: int,
    lost: bool,
    cut: bool,
) -> CallRecord:
    over = known.over or lost or (not known.channel_name and story.left_at is not None)
    cut = cut and not over
    finished = over or cut
    ended_at = _ended_at(known, story, last_at) if finished else None
    if lost and ended_at is not None and story.left_at is not None:
        ended_at = max(ended_at, story.left_at)
    if ended_at is not None:
        known.conversation.stop(ended_at)
        known.outside.stop(ended_at)
    restarting = _hung_up_for_a_restart(known, restart)
    ended_by = _ended_by(known, cut=cut or restarting) if finished else None
    if ended_at is not None:
        known.node_left(ended_at, "hung-up")
    if lost and story.caller_gone:
        ended_by = EndedBy.CALLER
    outcome = _outcome(known, story, ended_by, finished=finished, lost=lost)
    queued_at = known.queued_at if known.queued_at is not None else story.entered_at
    connected_at = known.conversation.connected_at
    left_at = known.left_queue_at if known.left_queue_at is not None else ended_at
    waited_until = connected_at if connected_at is not None else left_at
    arrived_at = known.started_at if known.started_at is not None else first_at
    called_off = connected_at is None and (ended_by is EndedBy.CALLER or restarting)
    called_off_at = ended_at if called_off else None
    legs = [leg for leg in known.legs.values() if not leg.name.startswith(OWN_PAIRS)]
    reasons = list(known.reasons)
    if lost:
        reasons.append(EVENTS_LOST)
    if cut or restarting:
        reasons.append(RESTARTED)
    elif finished and outcome is Outcome.TECHNICAL and known.marked is None:
        reasons.append(NOTHING_SETTLED)
    if ahead.was_set:
        reasons.append(f"{CLOCK_SET}:{ahead.at_last / 1_000_000:+.1f}s")
    return CallRecord(
        node=node,
        id=known.call,
        line=known.line,
        number=known.number,
        caller=known.caller,
        caller_name=known.caller_name,
        caller_kind=known.caller_kind,
        arrived_at=arrived_at,
        picked_up_at=known.picked_up_at,
        greeting_started_at=known.greeting_started_at,
        greeting_ended_at=known.greeting_ended_at,
        queued_at=queued_at,
        ringing_at=known.ringing_at,
        connected_at=connected_at,
        ended_at=ended_at,
        last_event_at=last_at,
        wait_ms=_duration_ms(queued_at, waited_until),
        talk_ms=known.conversation.talk_us // 1000 if connected_at is not None else None,
        total_ms=_duration_ms(arrived_at, ended_at),
        queue=known.queue if known.queue is not None else story.queue,
        operator=known.conversation.operator,
        outcome=outcome,
        stage=_stage(known, called_off_at),
        ended_by=ended_by,
        end_cause=known.end_cause,
        queue_status=known.queue_status,
        route=_route(known.routes),
        plan_version=known.plan_version,
        reasons=" ".join(reasons),
        rings=sum(leg.operator is not None for leg in legs),
        unanswered_rings=story.unanswered_rings,
        discrepancy=_discrepancy(known, story, waited_until) if over else None,
        finished=finished,
        keys=" ".join(known.keys),
        centre=known.outside.centre,
        outside_number=known.outside.number,
        outside_ring_ms=known.outside.ring_ms,
        outside_talk_ms=known.outside.talk_ms,
        confirmation=known.outside.confirmation,
        kind=CallKind.CALLER if known.attempt is None else CallKind.CALLBACK,
        attempt=known.attempt,
        fold_version=FOLD_VERSION,
        consent=known.consent,
        recorded=known.recorded or None,
        legs=tuple(leg.record(called_off_at, legs) for leg in legs),
    )


def _end_is_lost(known: Folding, story: QueueStory, last_at: int, heard_to: int) -> bool:
    """Whether the caller has left by queue_log, and the channels have been silent for too long since."""
    left_at, lost_from = story.left_at, story.lost_from()
    if known.over or not known.channel_name or left_at is None or lost_from is None:
        return False
    return lost_from <= heard_to and last_at <= left_at + 2 * QUEUE_LOG_RESOLUTION


def hung_up_by_asterisk(events: Iterable[CallEvent]) -> bool:
    """Whether Asterisk itself ended the call, neither side nor the dialplan: it may be about to restart."""
    ends = [(each, hangup_of(each.extra)[1]) for each in events if each.kind == "HANGUP"]
    own = next(((each, source) for each, source in reversed(ends) if each.channel == each.call), None)
    if own is None:
        return False
    last = [(each, source) for each, source in ends if abs(own[0].at - each.at) <= TOGETHER_US]
    by_themselves = any(source == each.channel_name for each, source in last)
    return own[1] == "" or (len(last) > 1 and not by_themselves)


def _hung_up_for_a_restart(known: Folding, restart: Restart | None) -> bool:
    if known.ended_at is None or restart is None or not _by_nobody(known, known.ended_at):
        return False
    return -QUEUE_LOG_RESOLUTION < restart.at - known.ended_at < RESTARTS_WITHIN_US


def _by_nobody(known: Folding, ended_at: int) -> bool:
    """Whether neither side hung up, as when Asterisk hangs up all channels before it goes.

    Of a conversation the caller's side then names the operator's channel, or the dialplan that it fell back
    into for a moment. But a telephone that hung up is named by its own channel too.
    """
    if known.end_source == "":
        return True
    if known.end_source == known.channel_name or known.hung_up_by_us:
        return False
    talked = [
        leg
        for leg in known.legs.values()
        if leg.channel != known.own
        and leg.connected_at is not None
        and leg.ended_at is not None
        and abs(ended_at - leg.ended_at) <= TOGETHER_US
    ]
    return bool(talked) and not any(leg.by_itself for leg in talked)


def _ended_at(known: Folding, story: QueueStory, last_at: int) -> int:
    if known.ended_at is not None:
        return known.ended_at
    return last_at if known.channel_name or story.left_at is None else story.left_at


def _ended_by(known: Folding, *, cut: bool) -> EndedBy | None:
    """Asterisk names the channel that hung up first on both sides of a bridge; None if nothing was told."""
    if cut or known.hung_up_by_us:
        return EndedBy.SYSTEM
    source = known.end_source
    if source is None:
        return None
    if source == known.channel_name:
        return EndedBy.CALLER
    # Between the person and an operator rung first, or one who was asked, lies a pair of channels,
    # which hides who hung up.
    hidden = known.operator_first or (known.linked and source.startswith("dialplan/"))
    away = hidden and any(leg.by_itself for leg in known.legs.values() if leg.operator)
    if away or operator_of(source) is not None:
        return EndedBy.OPERATOR
    return EndedBy.SYSTEM


def _outcome(
    known: Folding, story: QueueStory, ended_by: EndedBy | None, *, finished: bool, lost: bool
) -> Outcome | None:
    if known.conversation.connected_at is not None:
        return Outcome.ANSWERED
    if known.outside.connected_at is not None:
        return Outcome.OVERFLOWED
    if _left_a_message(known):
        return Outcome.VOICEMAIL
    if lost:
        return known.marked or story.outcome
    if known.marked is not None or not finished:
        return known.marked
    return _unsettled(known, story, ended_by)


def _unsettled(known: Folding, story: QueueStory, ended_by: EndedBy | None) -> Outcome:
    """Of a call that is over, and of which nobody said how it ended."""
    if known.attempt is not None and (known.queued_at is None or known.operator_first):
        never_dialled = known.operator_first and known.outside.number is None
        return Outcome.NO_OPERATOR if never_dialled else Outcome.NOT_REACHED
    if not known.channel_name and story.outcome is not None:
        return story.outcome
    if ended_by is EndedBy.SYSTEM:
        return Outcome.TECHNICAL
    if known.stage is Stage.TRANSFER and known.outside.centre is not None:
        return Outcome.OVERFLOW_LOST
    return Outcome.INFORMED if known.informed and known.queued_at is None else Outcome.ABANDONED


def _left_a_message(known: Folding) -> bool:
    since, ended_at = known.recording_since, known.ended_at
    return since is not None and ended_at is not None and ended_at - since >= _SHORTEST_MESSAGE_US


def _stage(known: Folding, gave_up_at: int | None) -> Stage:
    """Asterisk ends the ringing half a millisecond before the hang-up of the caller that caused it."""
    stopped_at = known.ring_stopped_at
    if known.stage is Stage.QUEUE and gave_up_at is not None and stopped_at is not None:
        return Stage.RINGING if gave_up_at - stopped_at <= CALLED_OFF_WITHIN_US else Stage.QUEUE
    return known.stage


def _route(routes: set[Route]) -> Route | None:
    return Route.MIXED if len(routes) > 1 else next(iter(routes), None)


def _discrepancy(known: Folding, story: QueueStory, waited_until: int | None) -> Discrepancy | None:
    if not known.channel_name:
        return Discrepancy.NO_CHANNEL_EVENTS
    waited_us = None
    if known.queued_at is not None and waited_until is not None:
        waited_us = waited_until - known.queued_at
    return story.differs(
        # An operator who was rung first has been in a bridge, if only with us.
        bridged=known.conversation.connected_at is not None
        or known.dropped
        or (known.operator_first and story.connected),
        waited_us=waited_us,
        queue_status=known.queue_status,
    )


def _duration_ms(start: int | None, end: int | None) -> int | None:
    """None while one of the two is unknown; 0 when the clock was set back in between."""
    return None if start is None or end is None else max(0, (end - start) // 1000)
