"""Every kind of journey a caller can make, at random, and what the record may say by the SIP side alone.

The lines are one organisation's; the operators' phones decline, ring on, hold, hand on, ask a colleague and
hang up at random. Who was promised a call gets it, the person or an operator first, and picks up or not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hotline_ivr.testing.asking_phones import Asker, Asks, AskTurn
from hotline_ivr.testing.centre_desk import Manners
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.plans import CLOSED, DESERTED, IMPATIENT, OPEN, closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Deed, Turn

NARROW, MENU, BOX, LIMITED, BACK, TOLD = (f"+47228512{place}" for place in range(21, 27))
OPERATORS = tuple(f"op{number:02}" for number in range(40))
ASKERS = tuple(f"asks{number:02}" for number in range(8))
COLLEAGUES = tuple(f"asked{number:02}" for number in range(8))
"""Each asker has a colleague, whom no queue rings."""

RINGERS = tuple(f"ring{number:02}" for number in range(10))
TELLERS = tuple(f"told{number:02}" for number in range(26))
"""To whom people are connected who are called back: they first, or the operator first."""
CROSSING_S = 0.3
"""Two messages sent within so long may cross on a busy machine."""
BUSY_S = 1.0
"""So long a busy Asterisk may take to read an answer; a caller who is gone by then was not connected."""

RING_TIME_S = 3
"""Phones that ring for longer have not answered."""

NARROW_WAIT_S = 5
"""How long callers wait at most where two may wait."""

IMPATIENT_WAIT_S = 5
"""And on the line of short waits."""

SHORTEST_MESSAGE_S = 2.0
"""Who hangs up sooner has left none (docs/voicemail.md)."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the SIP side is: operators' phones, those that ask, those that talk for long; and the carrier."""

    phones: int
    asking: int
    patient: int
    carrier: int


def configuration(ports: Ports) -> dict[str, Any]:
    at = {
        ports.phones: OPERATORS + RINGERS,
        ports.asking: ASKERS + COLLEAGUES,
        ports.patient: TELLERS,
    }
    contacts: dict[str, str | None] = {
        name: f"sip:{name}@127.0.0.1:{port}" for port, names in at.items() for name in names
    }
    # Bo's phone has not registered; nobody answers at Cleo's address.
    contacts |= {"bo": None, "cleo": f"sip:cleo@127.0.0.1:{free_port()}"}
    now = datetime.now(UTC)
    made = plan(
        contacts,
        now=now,
        ring_time=RING_TIME_S,
        extra_queues={
            "empty": ["bo"],
            "slow": ["cleo"],
            "narrow": ["cleo"],
            "asked": COLLEAGUES,
            "back": RINGERS,
            "told": TELLERS,
        },
        extra_lines={
            "deserted": line("Deserted line", DESERTED, queue="empty"),
            "impatient": line("Line of short waits", IMPATIENT, queue="slow", max_wait=IMPATIENT_WAIT_S),
            "narrow": line("Line where two may wait", NARROW, queue="narrow", max_wait=NARROW_WAIT_S),
            "menu": line("Line with a menu", MENU) | {"menu": "main"},
            "box": line("Closed line with a box", BOX) | {"hours": closed_now(now)},
            "limited": line("Line of six channels", LIMITED) | {"channels": "6"},
            "back": line("Line that rings back", BACK) | _promises(now, "back"),
            "told": line("Line whose operators are rung first", TOLD) | _promises(now, "told"),
        },
    )
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{ports.carrier}"
    made["queues"]["back"]["callbacks"] = _CALLBACKS
    made["queues"]["told"]["callbacks"] = _CALLBACKS | {"first": "operator"}
    made["lines"]["box"]["closed_to"] = {"voicemail": "box"}
    made["voicemails"] = {"box": {"prompt": "after-the-tone", "max_length": "20s", "thanks": "thanks"}}
    made["queues"]["narrow"]["max_waiting"] = "2"
    made["floor"] = {"unanswered_rings": "0"}
    made["menus"] = {
        "main": {
            "prompt": "menu",
            "tries": "1",
            "timeout": "2s",
            "default": {"message": "closed"},
            "keys": {"1": {"queue": "main"}, "3": {"message": "news"}},
        }
    }
    for place, name in enumerate(OPERATORS + COLLEAGUES):
        made["operators"][name]["extension"] = extension(place)
    return made


_CALLBACKS = {
    "hours": "always",
    "attempts": "1",
    "ring": "5s",
    "press_within": "2s",
    "press_tries": "1",
    "max_wait": "60s",
    "a_day": "100000",
}


def _promises(now: datetime, queue: str) -> dict[str, object]:
    return {"hours": closed_now(now), "closed_to": {"callback": queue}}


def extension(place: int) -> str:
    return f"{200 + place}"


def askers(accounts: Mapping[str, tuple[str, str]]) -> dict[str, Asker]:
    """Whom each asks; `accounts` are account and secret by operator."""
    return {
        name: Asker(COLLEAGUES[place], extension(len(OPERATORS) + place), *accounts[name])
        for place, name in enumerate(ASKERS)
    }


def callers_at_random(dice: random.Random, count: int) -> list[Caller]:
    """Callers for every end that a call can have, in random order and of random patience."""
    kinds: Sequence[Callable[[], Mapping[str, Any]]] = [
        # Until the operator hangs up, or the caller after a while.
        *[lambda: {"called": OPEN}] * 4,
        lambda: {"called": OPEN, "stay_ms": dice.randrange(4_000, 9_000)},
        # In the greeting, while it waits, while a phone rings.
        lambda: {"called": OPEN, "stay_ms": dice.randrange(100, 2_000)},
        lambda: {"called": OPEN, "stay_ms": dice.randrange(2_000, 5_000)},
        lambda: {"called": CLOSED},
        lambda: {"called": CLOSED, "stay_ms": dice.randrange(100, 2_000)},
        lambda: {"called": DESERTED},
        lambda: {"called": IMPATIENT},
        lambda: {"called": NARROW, "stay_ms": dice.randrange(2_000, 12_000)},
        lambda: {"called": MENU, "key": "1", "press_ms": dice.randrange(400, 3_000)},
        lambda: {"called": MENU, "key": "3", "press_ms": dice.randrange(400, 3_000)},
        lambda: {"called": MENU, "key": "7", "press_ms": dice.randrange(400, 3_000)},
        lambda: {"called": MENU, "stay_ms": dice.randrange(1_000, 12_000)},
        lambda: {"called": BOX, "stay_ms": dice.randrange(1_000, 12_000)},
        lambda: {"called": LIMITED},
    ]
    promised: Sequence[Callable[[], Mapping[str, Any]]] = [
        # Some do not hear to its end that they will be called.
        lambda: {"called": BACK, "stay_ms": dice.choice((120_000, 120_000, dice.randrange(500, 5_000)))},
        lambda: {"called": TOLD},
    ]
    # One in twenty: each is two calls.
    kinds = [*[*kinds] * 2, *promised]
    return [Caller(f"+47900{index:05}", **dice.choice(kinds)()) for index in range(count)]


def turns_at_random(dice: random.Random, count: int, sip_port: int) -> list[Turn]:
    """What the phones do with the calls, in the order in which they are rung."""

    def turn() -> Turn:
        ring, talk = dice.randrange(50, 1_500), dice.randrange(900, 4_000)
        match dice.randrange(10):
            case 0:
                return Turn(ring, talk, Deed.DECLINES)
            case 1:
                return Turn(RING_TIME_S * 1000 + 1500, talk)
            case 2:
                return Turn(ring, talk, Deed.HOLDS)
            case 3:
                colleague = extension(dice.randrange(len(OPERATORS)))
                return Turn(ring, talk, Deed.HANDS_ON, f"{colleague}@127.0.0.1:{sip_port}")
            case _:
                return Turn(ring, talk)

    return [turn() for _ in range(count)]


def long_turns_at_random(dice: random.Random, count: int) -> list[Turn]:
    """As `turns_at_random`, of operators who hear whom they are to talk with, and then the person ring."""

    def turn() -> Turn:
        ring, talk = dice.randrange(50, 1_500), dice.randrange(9_000, 12_000)
        match dice.randrange(10):
            case 0:
                return Turn(ring, talk, Deed.DECLINES)
            case 1:
                return Turn(RING_TIME_S * 1000 + 1500, talk)
            case _:
                return Turn(ring, talk)

    return [turn() for _ in range(count)]


def asking_at_random(dice: random.Random, count: int) -> list[AskTurn]:
    """As `turns_at_random`, of operators who ask a colleague, most often to hand over."""
    deeds = [*[Asks.HANDS_OVER] * 6, Asks.TAKES_BACK, Asks.DECLINED, Asks.GIVES_UP]
    return [
        AskTurn(
            dice.choice(deeds),
            ring_s=dice.uniform(0.05, 1.5),
            talk_s=dice.uniform(2, 4),
            asked_ring_s=dice.uniform(0.05, 1.0),
            consult_s=dice.uniform(0.5, 1.5),
            second_talk_s=dice.uniform(1, 4),
        )
        for _ in range(count)
    ]


def manners_at_random(dice: random.Random, wanted: Sequence[Caller]) -> dict[str, Manners]:
    """What the telephones of those do who were promised a call, by number."""
    rude = [Manners.BUSY, Manners.RINGS]
    first = [*[Manners.PRESSES] * 7, *rude, Manners.SILENT, Manners.DECLINES]
    among = {BACK: first, TOLD: [*[Manners.SILENT] * 8, *rude]}
    return {each.number: dice.choice(among[each.called]) for each in wanted if each.called in among}


def expected_outcomes(row: LedgerRow, called: str, talks: Sequence[LedgerRow]) -> set[str]:
    """What the record may say of a call, by what the SIP side saw alone."""
    left = row.ended_by is EndedBy.US
    if called in {BACK, TOLD}:
        # What was said with them later was said in a call of ours.
        return {"callback", "closed", "abandoned"} if left else {"callback"}
    answers = [talk.answered for talk in talks if talk.answered is not None and talk.code == 200]
    if answers and left and row.ended is not None and min(answers) > row.ended - BUSY_S:
        # The answer and the hang-up crossed; or the answer came when the caller had gone already.
        return {"answered", "abandoned"}
    if answers:
        return {"answered"}
    heard_s = (row.ended or 0.0) - (row.answered or 0.0)
    if left:
        return _who_left(called, heard_s, picked_up=row.answered is not None)
    # Nobody was dropped: only these lines hang up on a caller who has not spoken with anybody.
    return {
        MENU: {"informed"},
        BOX: {"closed", "abandoned"},
        CLOSED: {"closed"},
        DESERTED: {"no-operator"},
        IMPATIENT: {"timed-out"},
        NARROW: {"timed-out", "full"},
        LIMITED: {"over-limit"},
    }.get(called, set())


def _who_left(called: str, heard_s: float, *, picked_up: bool) -> set[str]:
    """What may be said of who hung up without having spoken with anybody, having heard us for so long."""
    if called == CLOSED and picked_up:
        return {"closed"}
    also = {
        # The information of a key, and of a menu in which nobody presses: told to its end, or left.
        MENU: {"informed"},
        BOX: {"closed", "voicemail"} if heard_s > SHORTEST_MESSAGE_S else {"closed"},
        CLOSED: {"closed"},
        # Perhaps while hearing that nobody can come.
        NARROW: {"full", "timed-out"} if heard_s > NARROW_WAIT_S else {"full"},
    }
    return {"abandoned"} | also.get(called, set())
