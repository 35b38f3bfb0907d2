"""One pass over the events of a call, in order: what is known of it so far.

fold.py puts the events in order and draws the conclusions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hotline_ivr.routing.call_record import CallerKind, Route
from hotline_ivr.routing.caller import clean_name, clean_number, clean_text
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, stage_text
from hotline_ivr.routing.fold_asked import LINK, Asked
from hotline_ivr.routing.fold_legs import Conversation, Leg, bridge_of, hangup_of
from hotline_ivr.routing.fold_outside import Outside
from hotline_ivr.routing.steps import Outcome, Stage, settled

# Words of ours in a stage event are short, and a call asks 70 times at most (the dialplan's bound); these
# bounds only hold off what a broken file could bring.
_MAX_WORD = 120
_MAX_REASONS = 12
# Keys that are kept of a call: as many as the dialplan lets it press (its bound of asks).
_MAX_KEYS = 70

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_STAGES = {stage.value: stage for stage in Stage}
# A stage event of another version may lack words; `arrived` has the most, five.
_NO_WORDS = ["", "", "", "", ""]
# Where an operator is rung first, the other end of our own pair rings the person.
_SAID_BY_LEGS = frozenset({"dial", "callback-answered", "callback-over"})
OWN_PAIRS = ("Local/s@hotline-callback-leg-", "Local/s@hotline-callback-person-", LINK)
"""What is no telephone: what rings who is called back (dialplans/hotline-callback.conf), and links."""


class Folding:
    """What is known of one call so far, while its events pass by."""

    def __init__(self, call: str) -> None:
        self.call = call
        self.channel_name = ""
        # The caller's own channel; of a call back that of who was rung, once they have taken it up.
        self.own = call
        self.attempt: str | None = None
        # An operator is rung first for it, and then the person.
        self.operator_first = False
        self.arrived = False
        # Somebody of ours at the control number: no caller's call.
        self.control = False
        self.line = self.number = self.caller = self.caller_name = ""
        self.caller_kind = CallerKind.WITHHELD
        self.started_at: int | None = None
        self.picked_up_at: int | None = None
        self.greeting_started_at: int | None = None
        self.greeting_ended_at: int | None = None
        self.queue: str | None = None
        self.queued_at: int | None = None
        self.left_queue_at: int | None = None
        self.queue_status: str | None = None
        # An operator took the call up and was gone at once; the caller went on waiting.
        self.dropped = False
        self.ringing_at: int | None = None
        self.ring_stopped_at: int | None = None
        self.ended_at: int | None = None
        self.end_cause: int | None = None
        self.end_source: str | None = None
        self.plan_version: str | None = None
        self.reasons: list[str] = []
        self.routes: set[Route] = set()
        self.marked: Outcome | None = None
        self.hung_up_by_us = False
        # Keys pressed, as `<node>:<key>@<seconds since its prompt began>`, and the node that waits for one.
        self.keys: list[str] = []
        self.node: str | None = None
        self.node_since = 0
        self.informed = False
        self.outside = Outside()
        self.recording_since: int | None = None
        self.consent: str | None = None
        self.recorded = 0
        self.over = False
        self.stage = Stage.ARRIVAL
        self.legs: dict[str, Leg] = {}
        self.ringing: set[str] = set()
        self.conversation = Conversation(call)
        # Whether two conversations of it are linked.
        self.linked = False
        self._events: Sequence[CallEvent] = ()
        self._asked = Asked()

    def take(self, events: Sequence[CallEvent]) -> None:
        """The events in order; one of a kind that says nothing about a call is passed over."""
        self._events = events
        for event in events:
            if event.channel == self.own:
                if not self.channel_name:
                    self.channel_name = event.channel_name
                handler = _CALLER_EVENTS.get(event.kind)
            else:
                handler = _LEG_EVENTS.get(event.kind)
            if handler is not None:
                handler(self, event)

    # The caller's channel.

    def caller_started(self, event: CallEvent) -> None:
        self.started_at = event.at

    def caller_picked_up(self, event: CallEvent) -> None:
        if self.picked_up_at is None:
            self.picked_up_at = event.at

    def caller_hung_up(self, event: CallEvent) -> None:
        self.over = True
        self.ended_at = event.at
        self.end_cause, self.end_source = hangup_of(event.extra)
        self._close_own_leg(event)
        self.conversation.leave(event.channel, event.at, self.legs)

    def caller_channel_ended(self, event: CallEvent) -> None:
        self.over = True
        if self.ended_at is None:
            self.ended_at = event.at
        self._close_own_leg(event)
        self.conversation.leave(event.channel, event.at, self.legs)

    def _close_own_leg(self, event: CallEvent) -> None:
        """Who was called back has a leg too, as everybody whom we dialled: that connection is paid."""
        if (leg := self.legs.get(event.channel)) is not None:
            leg.ends(event)

    def said(self, event: CallEvent) -> None:
        """The dialplan says what it is doing (dialplans/hotline-run.conf)."""
        words = stage_text(event.extra).split("|")
        handler = _STAGE_EVENTS.get(words[0])
        if handler is not None:
            handler(self, event.at, words + _NO_WORDS)

    # Any channel.

    def entered_bridge(self, event: CallEvent) -> None:
        if event.channel != self.own:
            self._leg(event)
        bridge = bridge_of(event.extra)
        self._with_those_asked(bridge, event.at)
        self.conversation.enter(event.channel, bridge, event.at, self.legs)
        if self.conversation.talking:
            self.stage = Stage.TALK
        elif self.stage is Stage.TRANSFER and event.channel == self.own and not self.operator_first:
            self.outside.connected(event.at)

    def left_bridge(self, event: CallEvent) -> None:
        if event.channel == self.own:
            self.outside.disconnected(event.at)
        self.conversation.leave(event.channel, event.at, self.legs)

    def call_ended(self, event: CallEvent) -> None:
        self.over = True
        if self.ended_at is None:
            self.ended_at = event.at
        self.conversation.stop(event.at)

    # The other channels.

    def handed_over(self, event: CallEvent) -> None:
        self._asked.look(self._events)
        for bridge in self.conversation.bridges():
            self._with_those_asked(bridge, event.at)

    def _with_those_asked(self, bridge: str, at: int) -> None:
        for each in self._asked.come_in(bridge):
            self._leg(each)
            self.conversation.enter(each.channel, bridge, at, self.legs)

    def leg_started(self, event: CallEvent) -> None:
        leg = self._leg(event)
        leg.started_at = event.at
        if leg.name.startswith(LINK):
            self.linked = True
            self.conversation.passes_on((leg.channel,))
        if leg.operator is not None and self.conversation.connected_at is None:
            if not self.ringing:
                self.ringing_at = event.at
            self.ringing.add(event.channel)
            if self.stage is Stage.QUEUE:
                self.stage = Stage.RINGING

    def leg_picked_up(self, event: CallEvent) -> None:
        leg = self._leg(event)
        if leg.answered_at is None:
            leg.answered_at = event.at
        self.ringing.discard(event.channel)

    def leg_hung_up(self, event: CallEvent) -> None:
        self._leg(event).ends(event)
        self.conversation.leave(event.channel, event.at, self.legs)
        self.ringing.discard(event.channel)
        if self.stage is Stage.RINGING and not self.ringing:
            self.stage = Stage.QUEUE
            self.ring_stopped_at = event.at

    def _leg(self, event: CallEvent) -> Leg:
        leg = self.legs.get(event.channel)
        if leg is None:
            leg = self.legs[event.channel] = Leg(event.channel, event.channel_name)
        return leg

    # What the dialplan said. `words` begins with the verb and has at least six members.

    def say_control(self, _at: int, _words: list[str]) -> None:
        self.control = True

    def say_arrived(self, _at: int, words: list[str]) -> None:
        self.arrived = True
        self.line = clean_text(words[1], _MAX_WORD)
        self.number = clean_text(words[2], _MAX_WORD)
        self.caller, self.caller_kind = clean_number(words[3], words[4])
        self.caller_name = clean_name(words[5])

    def say_callback(self, _at: int, words: list[str]) -> None:
        """The service calls somebody back: attempt, line, its number, and whom."""
        self.attempt, self.line, self.number, self.caller = (clean_text(w, _MAX_WORD) for w in words[1:5])
        self.caller_kind = CallerKind.OK
        # What has been answered so far is our own channel, at once.
        self.picked_up_at = None
        self.operator_first = words[5] == "operator"
        if self.operator_first:
            self.conversation.be("")
            ends = (leg.channel for leg in self.legs.values() if leg.name.startswith(OWN_PAIRS))
            self.conversation.passes_on((self.call, *ends))

    def say_callback_answered(self, _at: int, words: list[str]) -> None:
        """From here on it is the call of who has answered; the channel that rang them goes away."""
        leg = next((each for each in self.legs.values() if each.name == words[1]), None)
        if leg is not None:
            self.own, self.channel_name, self.picked_up_at = leg.channel, leg.name, leg.answered_at
            self.conversation.be(leg.channel)

    def say_callback_over(self, _at: int, words: list[str]) -> None:
        self._reason(f"callback:{words[1]}", Route.SERVICE)

    def say_press(self, _at: int, words: list[str]) -> None:
        self.outside.asked(pressed=words[1] == "pressed")

    def say_asked(self, _at: int, words: list[str]) -> None:
        if self.plan_version is None:
            self.plan_version = clean_text(words[1], _MAX_WORD)
        self._reason(words[2], Route.SERVICE)

    def say_fallback(self, _at: int, words: list[str]) -> None:
        self._reason(f"fallback:{words[1]}", Route.FALLBACK)

    def say_foreseen(self, _at: int, words: list[str]) -> None:
        # A file that was left behind by a version before did not name it.
        if self.plan_version is None:
            self.plan_version = clean_text(words[2], _MAX_WORD) or None
        self._reason(words[1], Route.FALLBACK)

    def say_over(self, _at: int, words: list[str]) -> None:
        """A limit of channels turned the caller away: which, of whom, and how many calls it takes."""
        if len(self.reasons) < _MAX_REASONS:
            self.reasons.append(clean_text(":".join(["over", *words[1:4]]), _MAX_WORD).replace(" ", "-"))

    def _reason(self, reason: str, route: Route) -> None:
        self.routes.add(route)
        if len(self.reasons) < _MAX_REASONS:
            self.reasons.append(clean_text(reason, _MAX_WORD).replace(" ", "-"))

    def say_play(self, at: int, words: list[str]) -> None:
        self.stage = _STAGES.get(words[2], Stage.MESSAGE)
        self.informed |= self.stage is Stage.INFORMATION
        if self.stage is Stage.GREETING and self.greeting_started_at is None:
            self.greeting_started_at = at

    def say_played(self, at: int, _words: list[str]) -> None:
        if self.stage is Stage.GREETING and self.greeting_ended_at is None:
            self.greeting_ended_at = at

    def say_menu(self, at: int, words: list[str]) -> None:
        self.stage = _STAGES.get(words[3], Stage.MENU)
        self.informed |= self.stage is Stage.INFORMATION
        self.node, self.node_since = clean_text(words[1], _MAX_WORD), at

    def say_key(self, at: int, words: list[str]) -> None:
        self.node_left(at, clean_text(words[2], _MAX_WORD))

    def say_digits(self, at: int, words: list[str]) -> None:
        # How many, not which: a customer number is personal, and the events below the row have it.
        self.node_left(at, f"{len(words[2])}-digits" if words[2] else "timeout")

    def node_left(self, at: int, how: str) -> None:
        """The node that waited for a key has one, or its caller is gone."""
        if self.node is not None and len(self.keys) < _MAX_KEYS:
            seconds = max(0, at - self.node_since) / 1_000_000
            self.keys.append(f"{self.node}:{how}@{seconds:.1f}".replace(" ", "-"))
        self.node = None

    def say_dial(self, _at: int, words: list[str]) -> None:
        self.outside.rung(clean_text(words[2], _MAX_WORD))
        self.stage = Stage.TRANSFER
        self.marked = None

    def say_centre(self, at: int, words: list[str]) -> None:
        self.stage = Stage.TRANSFER
        self.marked = None
        self.outside.handed_over(clean_text(words[1], _MAX_WORD), at)

    def say_target(self, _at: int, words: list[str]) -> None:
        self.outside.rung(clean_text(words[2], _MAX_WORD))

    def say_centre_left(self, at: int, _words: list[str]) -> None:
        self.outside.stop(at)

    def leg_said(self, event: CallEvent) -> None:
        """The dialplan, of who answered outside and is asked to press a key."""
        words = [*stage_text(event.extra).split("|"), *_NO_WORDS]
        if words[0] == "press":
            self.outside.asked(pressed=words[1] == "pressed")
        elif words[0] == "recording":
            self.recorded += 1
        elif self.operator_first and words[0] in _SAID_BY_LEGS:
            _STAGE_EVENTS[words[0]](self, event.at, words)

    def say_record(self, at: int, _words: list[str]) -> None:
        self.stage = Stage.VOICEMAIL
        self.recording_since = at

    def say_recorded(self, _at: int, _words: list[str]) -> None:
        self.recording_since = None

    def say_wait(self, at: int, words: list[str]) -> None:
        self.stage = Stage.QUEUE
        # Whatever was settled before (a closed line may send callers to another queue) is open again.
        self.marked = None
        # A caller who comes back waits on.
        self.left_queue_at = None
        if self.queued_at is None:
            self.queued_at = at
            self.queue = clean_text(words[1], _MAX_WORD)

    def say_left(self, at: int, words: list[str]) -> None:
        self.left_queue_at = at
        self.queue_status = clean_text(words[2], _MAX_WORD)

    def say_dropped(self, _at: int, _words: list[str]) -> None:
        """That was no conversation: whatever comes of the wait is this call's outcome."""
        self.dropped = True
        self.stage = Stage.QUEUE
        self.conversation.take_back()

    def say_consent(self, _at: int, words: list[str]) -> None:
        self.consent = clean_text(words[1], _MAX_WORD)

    def say_mark(self, _at: int, words: list[str]) -> None:
        outcome = _OUTCOMES.get(words[1])
        if outcome is not None:
            self.marked = settled(self.marked, outcome)

    def say_hangup(self, _at: int, _words: list[str]) -> None:
        self.hung_up_by_us = True


_CALLER_EVENTS: dict[str, Callable[[Folding, CallEvent], None]] = {
    "CHAN_START": Folding.caller_started,
    "ANSWER": Folding.caller_picked_up,
    STAGE_EVENT: Folding.said,
    "BRIDGE_ENTER": Folding.entered_bridge,
    "BRIDGE_EXIT": Folding.left_bridge,
    "HANGUP": Folding.caller_hung_up,
    "CHAN_END": Folding.caller_channel_ended,
    "LINKEDID_END": Folding.call_ended,
}

_LEG_EVENTS: dict[str, Callable[[Folding, CallEvent], None]] = {
    "CHAN_START": Folding.leg_started,
    "ANSWER": Folding.leg_picked_up,
    STAGE_EVENT: Folding.leg_said,
    "BRIDGE_ENTER": Folding.entered_bridge,
    "BRIDGE_EXIT": Folding.left_bridge,
    "ATTENDEDTRANSFER": Folding.handed_over,
    "HANGUP": Folding.leg_hung_up,
    "CHAN_END": Folding.leg_hung_up,
    "LINKEDID_END": Folding.call_ended,
}

_TOLD = (
    "arrived control callback callback-answered callback-over press asked over fallback foreseen play "
    "played menu key digits dial centre target centre-left record recorded wait left dropped consent "
    "mark hangup"
)
"""What the dialplan says of a call, each word with the method of its name."""

_STAGE_EVENTS: dict[str, Callable[[Folding, int, list[str]], None]] = {
    name: getattr(Folding, f"say_{name.replace('-', '_')}") for name in _TOLD.split()
}
