"""extensions.conf: exact numbers, each to its line, and the hand-written dialplan around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import phonenumbers

from hotline_ivr.asterisk.render.extensions import COLLEAGUES, extension_contexts
from hotline_ivr.asterisk.render.limits import limits_of
from hotline_ivr.asterisk.render.outside import way_of_operators
from hotline_ivr.asterisk.render.queues import offer_context
from hotline_ivr.asterisk.render.recording import tape_globals
from hotline_ivr.asterisk.render.sections import section, value
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.devices import person_of
from hotline_ivr.routing.head_start import known_callers
from hotline_ivr.routing.recording_rules import records_anything
from hotline_ivr.settings import Settings

HAND_WRITTEN = (
    "hotline-arrive.conf",
    "hotline-guard.conf",
    "hotline-run.conf",
    "hotline-fallback.conf",
    "hotline-control.conf",
    "hotline-callback.conf",
    "hotline-transfer.conf",
    "hotline-greeting.conf",
    "hotline-recording.conf",
)


def extensions_conf(plan: Plan, settings: Settings, secrets: Secrets, dialplans: Path) -> str:
    includes = "\n".join(f'#include "{value(str(dialplans / name))}"' for name in HAND_WRITTEN)
    return "\n".join(
        [
            section("general", [("static", "yes"), ("writeprotect", "yes"), ("clearglobalvars", "yes")]),
            section("globals", _globals(plan, settings)),
            includes,
            "",
            _numbers(plan),
            _head_starts(plan),
            _offers(plan),
            # A phone may ring our own lines, queues and colleagues, nothing else: what costs money is always
            # a caller's, who was handed on (hotline-handed).
            _phones(plan),
            extension_contexts(plan, secrets),
            "\n".join(["[hotline-greetings]", *_greeting(plan), ""]),
        ]
    )


def _globals(plan: Plan, settings: Settings) -> list[tuple[str, str | int]]:
    carrier, host = way_of_operators(plan) or ("", "")
    return [
        ("HOTLINE_AGI", settings.agi_address),
        ("HOTLINE_DEADLINE", f"{settings.agi_deadline:g}"),
        ("HOTLINE_SOUNDS", str(settings.sounds_dir)),
        ("HOTLINE_FALLBACK", str(settings.fallback_dir)),
        ("HOTLINE_VOICEMAIL", str(settings.voicemail_dir)),
        ("HOTLINE_CONTROL", str(settings.control_dir)),
        ("HOTLINE_TECHNICAL", "en/technical"),
        ("HOTLINE_OUT_CARRIER", carrier),
        ("HOTLINE_OUT_HOST", host),
        ("HOTLINE_CONNECTED", "hotline-connected" if any(_greeting(plan)) or records_anything(plan) else ""),
        *tape_globals(plan, settings),
    ]


def _greeting(plan: Plan) -> Iterator[str]:
    """What speaks an operator's greeting; a moment after the bridge, or its beginning would be lost."""
    for name, operator in sorted(plan.operators.items()):
        if operator.greeting is not None:
            yield f"exten => {value(person_of(name))},1,Answer()"
            yield " same => n,Wait(0.4)"
            yield f" same => n,Playback(${{HOTLINE_SOUNDS}}/{operator.language}/{operator.greeting})"
            yield " same => n,Hangup()"


def _numbers(plan: Plan) -> str:
    lines = ["[hotline-numbers]"]
    for line_id, line in sorted(plan.lines.items()):
        for number in line.numbers:
            for dialled in forms(number):
                lines += [
                    f"exten => {value(dialled)},1,Gosub(hotline-clean,s,1)",
                    f" same => n,Set(HOTLINE_LINE={value(line_id)})",
                    f" same => n,Set(HOTLINE_NUMBER={value(number)})",
                    *limits_of(plan, line_id, number),
                    " same => n,Goto(hotline-arrive,s,1)",
                ]
    for number in plan.control.numbers if plan.control else ():
        for dialled in forms(number):
            lines += _control(plan, dialled, number)
    return "\n".join([*lines, ""])


def _head_starts(plan: Plan) -> str:
    """Who is preferred by the number dialled or the caller's own, for the time when nobody decides."""
    dialled = {
        number: seconds for line in plan.lines.values() for number, seconds in line.number_priority.items()
    }
    callers = {number: given.seconds for number, given in known_callers(plan).items()}
    return "\n".join([*_returning("hotline-number-priority", dialled), *_returning("hotline-known", callers)])


def _returning(context: str, seconds: Mapping[str, int]) -> list[str]:
    rows = (f"exten => {value(number)},1,Return({each})" for number, each in sorted(seconds.items()))
    return [f"[{context}]", *rows, ""]


def _offers(plan: Plan) -> str:
    """The one key that leaves a queue, where a call back is offered."""
    rows = []
    for name, queue in sorted(plan.queues.items()):
        if queue.offer is not None:
            goes = f"exten => {value(queue.offer.key)},1,Goto(hotline-offer,s,1)"
            rows += [f"[{value(offer_context(name))}]", goes, ""]
    return "\n".join(rows)


def _phones(plan: Plan) -> str:
    code = plan.control.code if plan.control else None
    own = _control(plan, code, code) if code else []
    floor = plan.floor
    desks = {floor.code: "operator", floor.do_not_disturb_code: "do-not-disturb"}
    desk = [
        row
        for dialled, who in desks.items()
        if dialled
        for row in _desk(dialled, dialled, floor.language, who)
    ]
    includes = [f"include => {each}" for each in (COLLEAGUES, "hotline-numbers")]
    return "\n".join(["[hotline-phones]", *own, *desk, *includes, ""])


def _control(plan: Plan, dialled: str, number: str) -> list[str]:
    return _desk(dialled, number, plan.control.language if plan.control else "en", "control")


def _desk(dialled: str, number: str, language: str, desk: str) -> list[str]:
    """A number or code that is no caller's; `desk` is who answers its asks."""
    return [
        f"exten => {value(dialled)},1,Gosub(hotline-clean,s,1)",
        f" same => n,Set(HOTLINE_NUMBER={value(number)})",
        f" same => n,Set(HOTLINE_TECHNICAL={value(language)}/technical)",
        f" same => n,Set(HOTLINE_DESK={value(desk)})",
        " same => n,Goto(hotline-control,s,1)",
    ]


def forms(number: str) -> tuple[str, ...]:
    """The ways in which carriers write one E.164 number; each is an exact extension of its own."""
    digits = number.removeprefix("+")
    national = str(phonenumbers.national_significant_number(phonenumbers.parse(number)))
    return (number, digits, f"00{digits}", national)
