"""The words between the dialplan's control number and the service (dialplans/hotline-control.conf).

An ask is four arguments: event, number, caller, key of the session. An answer is one variable, as for
callers: `1|session~<key>|<step>|...|end`. What was entered may be a PIN: no message of an error repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.stretch import KEPT, encode_step, join, prompts_word
from hotline_ivr.errors import RemoteProtocolError
from hotline_ivr.routing.control_steps import (
    Began,
    ControlStep,
    Enter,
    Entered,
    Recorded,
    RecordPrompt,
    Replay,
)

_ENTERED = re.compile(r"[0-9*]{0,20}\Z", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{0,64}\Z", re.ASCII)
_CALL = re.compile(r"[A-Za-z0-9.-]{1,80}\Z", re.ASCII)
_CALLER = re.compile(r"[0-9+*#]{0,40}\Z", re.ASCII)
_TRUNK = "PJSIP/trunk-"
_CHANNEL = re.compile(r"PJSIP/([A-Za-z0-9_.-]{1,80})-[0-9a-f]{8,}\Z", re.ASCII)


class ControlAsk(NamedTuple):
    """What the control number asks.

    `event` None: the steps are over. `account` is an own phone's, or empty.
    """

    call: str
    event: Began | Entered | Recorded | None
    caller: str
    account: str
    key: str


def parse_control(request: AgiRequest) -> ControlAsk:
    """What the dialplan asks. Raises RemoteProtocolError for anything it does not send."""
    if len(request.args) != 4:
        raise RemoteProtocolError(f"an ask of control has 4 arguments, not {len(request.args)}")
    event, _number, caller, key = request.args
    if not (_CALLER.match(caller) and _KEY.match(key) and _CALL.match(request.unique_id)):
        raise RemoteProtocolError("not an ask of control")
    found = _CHANNEL.match(request.channel)
    account = "" if found is None or request.channel.startswith(_TRUNK) else found[1]
    return ControlAsk(request.unique_id, _event(event), caller, account, key)


def _event(text: str) -> Began | Entered | Recorded | None:
    kind, _, rest = text.partition(":")
    match kind:
        case "begun":
            return Began()
        case "entered" if _ENTERED.match(rest):
            return Entered(rest)
        case "recorded":
            return Recorded(kept=rest in KEPT, too_long=rest == "TIMEOUT")
        case "went-on":
            return None
        case _:
            raise RemoteProtocolError("not an event of control")


def encode_control(key: str, steps: Sequence[ControlStep]) -> str:
    """The value of HOTLINE_ANSWER. Raises LocalProtocolError if a word could change its meaning."""
    return "|".join(["1", join("session", key), *(_encode(step) for step in steps), "end"])


def _encode(step: ControlStep) -> str:
    match step:
        case Enter(language, prompts, most, timeout_s):
            return join("enter", prompts_word(language, prompts), str(timeout_s), str(most))
        case RecordPrompt(most_s):
            return join("take", str(most_s))
        case Replay():
            return "replay"
        case _:
            return encode_step(step)
