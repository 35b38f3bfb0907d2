"""What a caller had in every moment of a call: is there any stretch with nobody and nothing?

Two witnesses are asked. The record says where the caller was: at a prompt, in a queue, with an operator, with
somebody outside. The caller's own ear says whether anything was to be heard. Who talks with a person has
company also while that person is silent; everywhere else silence is nothing, whatever the record says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np

from hotline_ivr.asterisk.spool import read_cel
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent
from hotline_ivr.routing.fold_legs import operator_of
from hotline_ivr.testing.audio import Audio, is_silent
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.phone import HEARD_LIMIT_S

SLOT_S = 0.25
"""How finely a call is looked at."""
LONGEST_NOTHING_S = 3.0
"""A caller is with nobody and nothing no longer than this, whatever breaks."""


class Had(StrEnum):
    """What a caller had."""

    # The caller's own telephone rings out to us, nothing is answered yet.
    RINGING = "ringing tone"
    PROMPT = "prompt"
    MUSIC = "music"
    OPERATOR = "operator"
    OUTSIDE = "somebody outside"
    # The caller speaks, and a recorder listens.
    RECORDER = "recorder"
    # The caller has heard what to press, and has a while for it.
    QUESTION = "question"
    NOTHING = "nothing"


_ASKED = {"play": Had.PROMPT, "menu": Had.QUESTION, "record": Had.RECORDER}
_HUMAN = frozenset({Had.OPERATOR, Had.OUTSIDE, Had.RECORDER})


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when (seconds since the epoch) a caller had the same."""

    had: Had
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Company:
    """A call from the caller's first INVITE to its end."""

    stretches: tuple[Stretch, ...]

    def nothing(self, longer_than: float = LONGEST_NOTHING_S) -> list[Stretch]:
        """Where the caller was with nobody and nothing for longer than that."""
        return [each for each in self.stretches if each.had is Had.NOTHING and each.seconds > longer_than]

    @property
    def longest_nothing(self) -> float:
        return max((each.seconds for each in self.stretches if each.had is Had.NOTHING), default=0.0)

    def had(self, what: Had) -> float:
        """Seconds of it in all."""
        return sum(each.seconds for each in self.stretches if each.had is what)

    def in_words(self) -> str:
        """`prompt 2.0, music 6.3, operator 4.0`: stretches shorter than a second are left out."""
        return ", ".join(f"{each.had} {each.seconds:.1f}" for each in self.stretches if each.seconds >= 1)


class Listener(Protocol):
    """A call at a telephone; see phone.py."""

    @property
    def row(self) -> LedgerRow: ...

    def heard_at(self) -> list[tuple[float, Audio]]: ...


def company_of(call: Listener, cel_file: Path) -> Company:
    """What the caller at this phone had. Raises LookupError if the record knows no such call."""
    row = call.row
    if row.ended is None:
        raise LookupError(f"the call is not over: {row}")
    events = events_of(cel_file, row.number, row.started)
    return company(row.started, row.answered, row.ended, events, call.heard_at())


def lonely(calls: Iterable[Listener], cel_file: Path) -> list[str]:
    """Callers who were with nobody and nothing for longer than they may be, each in words.

    Looked at are calls that are over, from numbers (not operators' accounts) to one of our lines.
    """
    found = []
    for call in calls:
        row = call.row
        if row.answered is None or row.ended is None or not row.number.startswith("+"):
            continue
        try:
            had = company_of(call, cel_file)
        except LookupError:
            # Of somebody of ours, at the control number.
            continue
        # What is heard is kept for so long.
        heard_until = row.answered + HEARD_LIMIT_S - LONGEST_NOTHING_S
        if any(each.start < heard_until for each in had.nothing()):
            found.append(f"{row.number}: {had.in_words()}")
    return found


def events_of(cel_file: Path, caller: str, started: float) -> list[CallEvent]:
    """Asterisk's events of the call that `caller` began then. Raises LookupError if there is none."""
    data = cel_file.read_bytes()
    events = read_cel(data[: data.rfind(b"\n") + 1], 0, 0).events
    for event in events:
        own = event.kind == STAGE_EVENT and event.at / 1e6 >= started - 1
        if own and _words(event)[:1] == ["arrived"] and caller in _words(event):
            return [each for each in events if each.call == event.call]
    raise LookupError(f"no call of {caller} in {cel_file}")


def company(
    started: float,
    answered: float | None,
    ended: float,
    events: Sequence[CallEvent],
    heard: Iterable[tuple[float, Audio]],
) -> Company:
    """`heard` are pieces of what the caller heard, each with the moment of its end. Moments are seconds."""
    places = list(_places(events, ended))
    sounds = _sounds(started, ended, heard)
    slots: list[Stretch] = []
    for number, sound in enumerate(sounds):
        at = started + number * SLOT_S
        middle = at + SLOT_S / 2
        if answered is None or middle < answered:
            had = Had.RINGING
        else:
            begin, place = next(
                ((begin, had) for begin, end, had in places if begin <= middle < end), (0.0, Had.MUSIC)
            )
            if sound:
                had = Had.PROMPT if place is Had.QUESTION else place
            elif place is Had.QUESTION and any(each.had is Had.PROMPT for each in slots if each.end > begin):
                had = Had.QUESTION
            else:
                had = place if place in _HUMAN else Had.NOTHING
        slots.append(Stretch(had, at, min(at + SLOT_S, ended)))
    joined = (list(same) for _, same in groupby(slots, key=lambda each: each.had))
    return Company(tuple(Stretch(same[0].had, same[0].start, same[-1].end) for same in joined))


def _sounds(started: float, ended: float, heard: Iterable[tuple[float, Audio]]) -> list[bool]:
    """For each slot whether anything was to be heard. Where no audio came, nothing was."""
    pieces = list(heard)
    rate = pieces[0][1].rate if pieces else 8000
    samples = np.zeros(max(1, round((ended - started) * rate)))
    for at, audio in pieces:
        begin = round((at - started) * rate) - len(audio.samples)
        kept = audio.samples[max(0, -begin) :]
        begin = max(0, begin)
        kept = kept[: max(0, len(samples) - begin)]
        samples[begin : begin + len(kept)] = kept
    size = round(SLOT_S * rate)
    return [
        not is_silent(Audio(samples[start : start + size], rate)) for start in range(0, len(samples), size)
    ]


def _words(event: CallEvent) -> list[str]:
    return str(json.loads(event.extra)["extra"]).split("|") if event.extra else []


def _places(events: Sequence[CallEvent], ended: float) -> Iterator[tuple[float, float, Had]]:
    """Where the record puts the caller. Bridges first, as they lie within the queue or the centre."""
    yield from _bridges(events, ended)
    begun: tuple[float, Had] | None = None
    for event in events:
        if event.kind != STAGE_EVENT or event.channel != event.call:
            continue
        verb = _words(event)[0]
        if verb in _ASKED:
            begun = event.at / 1e6, _ASKED[verb]
        elif verb == "played" and begun is not None and begun[1] is Had.QUESTION:
            # The words of the question are over, and the key is waited for.
            continue
        elif verb in {"played", "key", "digits", "recorded"} and begun is not None:
            yield begun[0], event.at / 1e6, begun[1]
            begun = None
    if begun is not None:
        yield begun[0], ended, begun[1]


def _bridges(events: Sequence[CallEvent], ended: float) -> Iterator[tuple[float, float, Had]]:
    here: dict[str, tuple[str, str]] = {}
    since: tuple[float, Had] | None = None
    for event in events:
        if event.kind == "BRIDGE_ENTER":
            here[event.channel] = str(json.loads(event.extra)["bridge_id"]), event.channel_name
        elif event.kind in {"BRIDGE_EXIT", "CHAN_END"}:
            here.pop(event.channel, None)
        else:
            continue
        now = _with_whom(here, event.call)
        if since is not None and now is not since[1]:
            yield since[0], event.at / 1e6, since[1]
            since = None
        if since is None and now is not None:
            since = event.at / 1e6, now
    if since is not None:
        yield since[0], ended, since[1]


def _with_whom(here: dict[str, tuple[str, str]], caller: str) -> Had | None:
    if caller not in here:
        return None
    others = [
        name for channel, (bridge, name) in here.items() if channel != caller and bridge == here[caller][0]
    ]
    if not others:
        return None
    return Had.OPERATOR if any(operator_of(name) for name in others) else Had.OUTSIDE
