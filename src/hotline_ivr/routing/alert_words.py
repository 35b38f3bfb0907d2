"""What alerts say, in words that people act on. Moments are shown on the clock of the organisation. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.config.types import duration_text
from hotline_ivr.routing.alarms import Alarm, AlarmKey
from hotline_ivr.routing.alerts import TEST, Alert, AlertState
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.ghost_open import Deserted
from hotline_ivr.routing.on_duty import OnDuty
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.routing.wall import zone_of

GHOST_OPEN, RECORD, ASTERISK, BALANCE = "ghost-open", "record", "asterisk", "balance"
DISK = "disk"

# Calls that an alert names of an uneven balance.
_NAMED = 10

_WRONG = {
    RECORD: "The record of calls cannot be written",
    ASTERISK: "The service does not hear Asterisk",
    DISK: "A disk is full",
}
_WELL = {
    RECORD: "The record of calls is written again",
    ASTERISK: "The service hears Asterisk again",
    DISK: "There is room on the disk again",
}
_MEANWHILE = {
    RECORD: "Calls go on, and Asterisk's own files keep what happens in them.",
    ASTERISK: "Calls go on by Asterisk alone; pauses do not reach it, and who waits is not known.",
    DISK: "Calls go on, but what Asterisk cannot write of them is lost: make room at once.",
}


def ghost_open(
    plan: Plan, found: Deserted, alarm: Alarm, now: datetime, *, duty: OnDuty | None, overflows: bool
) -> Alert:
    """A line is open and nobody is ready."""
    since = _clock(plan, alarm.since)
    lines = ", ".join(plan.lines[line].name for line in found.lines)
    told = [f"Nobody is ready in queue {found.queue} since {since} ({_lasted(alarm, now)}). Open: {lines}."]
    told += [f"- {operator}: {reasons}" for operator, reasons in found.why_not]
    callers = "1 caller waits" if found.waiting == 1 else f"{found.waiting} callers wait"
    told.append(f"{callers} now.")
    if overflows:
        told.append("New callers go by the overflow rules with `nobody` until somebody is ready.")
    told.append(_duty(duty))
    details = {
        "queue": found.queue,
        "lines": ", ".join(found.lines),
        "since": alarm.since.isoformat(),
        "waiting": str(found.waiting),
        **_duty_details(duty),
    }
    key = AlarmKey(GHOST_OPEN, found.queue)
    title = f"Open, but nobody ready: {found.queue}"
    return Alert(
        alarm_id(key, alarm), GHOST_OPEN, AlertState.RAISED, found.queue, now, title, "\n".join(told), details
    )


def part_wrong(
    plan: Plan, key: AlarmKey, why: str, alarm: Alarm, now: datetime, *, duty: OnDuty | None
) -> Alert:
    """The record cannot be written, the link to Asterisk is lost, or a disk is full."""
    since = _clock(plan, alarm.since)
    told = [f"{_WRONG[key.kind]} since {since} ({_lasted(alarm, now)}): {why}.", _MEANWHILE[key.kind]]
    told.append(_duty(duty))
    details = {"since": alarm.since.isoformat(), "why": why, **_duty_details(duty)}
    return Alert(
        alarm_id(key, alarm),
        key.kind,
        AlertState.RAISED,
        key.about,
        now,
        _WRONG[key.kind],
        "\n".join(told),
        details,
    )


def all_clear(plan: Plan, key: AlarmKey, alarm: Alarm, now: datetime) -> Alert:
    """What was told to be wrong is over."""
    since = _clock(plan, alarm.since)
    if key.kind == GHOST_OPEN:
        title = f"All clear: {key.about}"
        text = f"Queue {key.about} was without anybody ready since {since} ({_lasted(alarm, now)})."
    else:
        title = _WELL[key.kind]
        text = f"{title}. It had not been since {since} ({_lasted(alarm, now)})."
    return Alert(
        f"{alarm_id(key, alarm)}-over",
        key.kind,
        AlertState.OVER,
        key.about,
        now,
        title,
        text,
        {"since": alarm.since.isoformat()},
    )


class Uneven(Protocol):
    """A day's balance; see store/balance.py."""

    @property
    def node(self) -> str: ...
    @property
    def day(self) -> str: ...
    @property
    def arrivals(self) -> int: ...
    @property
    def differences(self) -> int: ...
    @property
    def report(self) -> str: ...


def balance_uneven(night: Uneven, now: datetime, duty: OnDuty | None) -> Alert:
    """The record of a day and Asterisk's own files do not agree."""
    found = json.loads(night.report)["shown"][:_NAMED]
    counted = f"{night.arrivals} calls arrived, {night.differences} differences"
    told = [f"{night.day}, node {night.node}: {counted} between the record and Asterisk's files."]
    told += [clean_text(f"- {each['call']}: {each['text']}", 300) for each in found]
    if night.differences > len(found):
        told.append(f"... and {night.differences - len(found)} more: hotline balance --day {night.day}")
    told.append(_duty(duty))
    details = {
        "day": night.day,
        "node": night.node,
        "arrivals": str(night.arrivals),
        "differences": str(night.differences),
        "calls": " ".join(each["call"] for each in found),
        **_duty_details(duty),
    }
    ident, title = f"{BALANCE}-{night.node}-{night.day}", f"The balance of {night.day} is not even"
    return Alert(ident, BALANCE, AlertState.TOLD, night.node, now, title, "\n".join(told), details)


def balance_failed(node: str, day: date, why: str, now: datetime, duty: OnDuty | None) -> Alert:
    """Nobody knows whether a day's balance is even."""
    text = f"The balance of {day}, node {node}, could not be proved: {why}. It is tried again.\n{_duty(duty)}"
    ident, title = f"{BALANCE}-{node}-{day}-failed", f"The balance of {day} could not be proved"
    details = {"day": day.isoformat(), "node": node, "why": why, **_duty_details(duty)}
    return Alert(ident, BALANCE, AlertState.TOLD, node, now, title, text, details)


def trial(now: datetime, by: str, duty: OnDuty | None) -> Alert:
    """An alert by which somebody tries whether alerts arrive."""
    text = f"{by} tries whether alerts arrive. Nothing is wrong.\n{_duty(duty)}"
    ident = f"{TEST}-{int(now.timestamp() * 1000)}"
    return Alert(
        ident, TEST, AlertState.TOLD, "alerts", now, "A test of the alerts", text, _duty_details(duty)
    )


def alarm_id(key: AlarmKey, alarm: Alarm) -> str:
    """The same for one alarm however often it is told: after a kill too."""
    return f"{key.kind}-{key.about}-{int(alarm.since.timestamp() * 1000)}"


def moment_text(plan: Plan, at: datetime) -> str:
    """A moment as people of the organisation write it."""
    return f"{at.astimezone(zone_of(shift_zone(plan))):%Y-%m-%d %H:%M}"


def seconds_text(seconds: float) -> str:
    """A length as 0:12."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _clock(plan: Plan, at: datetime) -> str:
    return f"{at.astimezone(zone_of(shift_zone(plan))):%H:%M:%S}"


def _lasted(alarm: Alarm, now: datetime) -> str:
    return duration_text(int(max(timedelta(), now - alarm.since).total_seconds()))


def _duty(duty: OnDuty | None) -> str:
    return f"On duty: {duty.text}." if duty else "Nobody is on duty by the rota."


def _duty_details(duty: OnDuty | None) -> Mapping[str, str]:
    return (
        {}
        if duty is None
        else {"on_duty": duty.name, "on_duty_mail": duty.mail}
        | ({"on_duty_number": duty.number} if duty.number else {})
    )
