"""What happened in one call, event by event, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, QueueEvent, stage_text
from hotline_ivr.routing.fold import in_order
from hotline_ivr.routing.fold_legs import hangup_of, operator_of

_LONGEST = 160
# What a telephone number consists of, as carriers and people send it.
_DIALLED = re.compile(r"\+?[0-9*#]{2,}")

# Stage events of the dialplan: {1}, {2} are its words.
_STAGES = {
    "arrived": "arrived on line {1}, number {2}",
    "asked": "the service answered: {2} (plan {1})",
    "fallback": "without the service: {1}",
    "foreseen": "as the service foresaw: {1}",
    "answer": "we pick up",
    "play": "prompt {1} begins ({2})",
    "played": "prompt over: {1}",
    "menu": "menu {1}: prompt {2}",
    "key": "menu {1}: key {2}",
    "digits": "digits given: {1}",
    "dial": "ringing {2} outside, by {1}",
    "dialled": "outside: {1}",
    "centre": "handed to centre {1}",
    "target": "ringing {2} at {1}",
    "target-over": "that telephone: {1}",
    "press": "who answered there: {1}",
    "centre-left": "done with centre {1}: {2}",
    "record": "recording a message for {1}",
    "recorded": "message over: {1}",
    "promise": "promised to be called back by {1}, at {2}",
    "head-start": "counts in the queue as if it had come {1} s earlier",
    "wait": "into queue {1}, for {2} s at most",
    "left": "out of queue {1}: {2}",
    "dropped": "dropped by the operator at once, waits on in queue {1}",
    "handed": "handed on to {1} {2}",
    "handed-back": "{1} does not take the call, back to the queue",
    "consent-asked": "may it be recorded: prompt {1}",
    "consent": "recording: {1}",
    "recording": "recording, part {1}",
    "recording-paused": "recording paused",
    "recording-resumed": "recording goes on",
    "recording-full": "not recorded: too little space on the disk",
    "recording-stopped": "not recorded any more: what there was has been deleted",
    "recording-over": "recording over",
    "mark": "outcome settled: {1}",
    "hangup": "we hang up",
}
# Which of their words are telephone numbers: of persons, or of where they were handed on to.
_NUMBERS = {"dial": (2,), "target": (2,), "promise": (2,), "handed": (2,), "handed-back": (1,)}
_CALLER = {
    "CHAN_START": "call arrives",
    "ANSWER": "picked up",
    "BRIDGE_ENTER": "caller joins the conversation",
    "BRIDGE_EXIT": "caller leaves the conversation",
    "CHAN_END": "the caller's channel ends",
    "LINKEDID_END": "the call is over",
    "BLINDTRANSFER": "transferred",
    "ATTENDEDTRANSFER": "transferred after asking",
}
_LEG = {
    "CHAN_START": "{who} rings",
    "ANSWER": "{who} picks up",
    "BRIDGE_ENTER": "{who} joins the conversation",
    "BRIDGE_EXIT": "{who} leaves the conversation",
    "CHAN_END": "{who}: channel ends",
    "LINKEDID_END": "the call is over",
    "BLINDTRANSFER": "{who} transfers",
    "ATTENDEDTRANSFER": "{who} transfers after asking",
}
_QUEUE = {
    "ENTERQUEUE": "queue log: waits in {queue}",
    "CONNECT": "queue log: {member} connected",
    "COMPLETECALLER": "queue log: over, the caller hung up",
    "COMPLETEAGENT": "queue log: over, {member} hung up",
    "ABANDON": "queue log: the caller gave up",
    "RINGNOANSWER": "queue log: {member} did not answer",
    "RINGCANCELED": "queue log: ringing {member} was called off",
    "EXITWITHTIMEOUT": "queue log: waited too long",
    "EXITEMPTY": "queue log: no operator left",
    "EXITWITHKEY": "queue log: pressed the key that was offered",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `at` is microseconds since 1970 UTC."""

    at: int
    kind: str
    text: str
    # Whether the time is known to the microsecond, and not only to the second.
    exact: bool = True


def timeline(
    events: Iterable[CallEvent],
    queue_events: Iterable[QueueEvent] = (),
    number: Callable[[str], str] = str,
) -> list[Moment]:
    """Every event in words, with each telephone number as `number` tells it.

    Queue events, which know only whole seconds, come last in their second.
    """
    moments = [Moment(event.at, event.kind, _call_event(event, number)) for event in in_order(events)]
    for queue_event in in_order(queue_events):
        second = queue_event.at // 1_000_000
        later = [place for place, moment in enumerate(moments) if moment.at // 1_000_000 <= second]
        place = later[-1] + 1 if later else 0
        moments.insert(
            place, Moment(queue_event.at, queue_event.kind, _queue_event(queue_event), exact=False)
        )
    return moments


def _call_event(event: CallEvent, number: Callable[[str], str]) -> str:
    who = operator_of(event.channel_name) or event.channel_name
    if event.kind == STAGE_EVENT:
        words = [*stage_text(event.extra).split("|"), "", ""]
        for place in _NUMBERS.get(words[0], ()):
            # Ids of operators and queues stand there too.
            if _DIALLED.fullmatch(words[place]):
                words[place] = number(words[place])
        text = _STAGES.get(words[0], "{0}").format(*words)
    elif event.kind == "HANGUP":
        cause, source = hangup_of(event.extra)
        whose = "caller" if event.channel == event.call else who
        text = f"{whose}: hung up, cause {cause}, by {source or 'Asterisk'}"
    else:
        words_of = _CALLER if event.channel == event.call else _LEG
        text = words_of.get(event.kind, event.kind).format(who=who)
    return clean_text(text, _LONGEST)


def _queue_event(event: QueueEvent) -> str:
    text = _QUEUE.get(event.kind, f"queue log: {event.kind} {{member}}")
    return clean_text(text.format(queue=event.queue, member=event.member), _LONGEST)
