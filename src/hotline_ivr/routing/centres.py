"""Which telephones outside are rung for a call, in which order, and by which carrier."""

from __future__ import annotations

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from hotline_ivr.config.centres import Centre, Target
from hotline_ivr.config.hours import DAY, WeeklyHours
from hotline_ivr.config.models import Plan
from hotline_ivr.config.outside import is_allowed
from hotline_ivr.routing.steps import Confirm, HandOver

_BUCKETS = 1 << 64


def draw(call_id: str, name: str) -> float:
    """A number in 0..1 that belongs to a call and a name: the same each time, and even over many calls."""
    digest = hashlib.sha256(f"{call_id}|{name}".encode()).digest()
    return int.from_bytes(digest[:8]) / _BUCKETS


def way_out(plan: Plan, number: str, trunk: str | None = None) -> tuple[str, str] | None:
    """The carrier for a number outside and its host; None where none takes it or the number is forbidden."""
    if not is_allowed(number, plan.outside.allowed, plan.organisation.country):
        return None
    named = {trunk: plan.trunks[trunk]} if trunk in plan.trunks else dict(sorted(plan.trunks.items()))
    return next(((name, each.outbound) for name, each in named.items() if each.outbound is not None), None)


def holds(hours: WeeklyHours, at: datetime, zone: ZoneInfo) -> bool:
    """Whether a moment (aware) lies in these hours, on the clock of `zone`."""
    if hours.always:
        return True
    local = at.astimezone(zone)
    minute, day = local.hour * 60 + local.minute, local.weekday()
    return any(start <= minute < end for start, end in hours.days[day]) or any(
        start <= minute + DAY < end for start, end in hours.days[day - 1]
    )


def hand_over(
    plan: Plan, name: str, *, at: datetime, zone: ZoneInfo, call_id: str | None, line_number: str
) -> HandOver | None:
    """The step that rings a centre; None when nobody there is on duty or no carrier takes the call.

    `call_id` None is that this is written down ahead: hours of single targets then do not count.
    """
    centre = plan.centres.get(name)
    if centre is None:
        return None
    on_duty = _on_duty(centre, at, zone, ahead=call_id is None)
    targets = [
        target for target in _ordered(centre, on_duty, call_id) if way_out(plan, target.number, centre.trunk)
    ]
    if not targets:
        return None
    found = way_out(plan, targets[0].number, centre.trunk)
    if found is None:
        return None
    confirm = Confirm(centre.language, centre.prompt, centre.press_within, centre.press_tries)
    return HandOver(
        name,
        *found,
        tuple((target.number, target.ring) for target in targets),
        confirm if centre.confirm else None,
        centre.channels,
        "" if centre.shows_caller else centre.shows or line_number,
        centre.order == "round-robin" and len(targets) > 1,
    )


def _on_duty(centre: Centre, at: datetime, zone: ZoneInfo, *, ahead: bool) -> dict[str, Target]:
    day = at.astimezone(zone).date()
    duty = next((duty for duty in centre.rota if duty.holds_on(day)), None)
    names = centre.targets if duty is None else duty.targets
    chosen = {name: centre.targets[name] for name in names if name in centre.targets}
    if ahead:
        always = {name: target for name, target in chosen.items() if target.hours is None}
        return always or chosen
    return {
        name: target
        for name, target in chosen.items()
        if target.hours is None or holds(target.hours, at, zone)
    }


def _ordered(centre: Centre, targets: dict[str, Target], call_id: str | None) -> list[Target]:
    if centre.order != "weighted":
        return list(targets.values())
    if call_id is None:
        return sorted(targets.values(), key=lambda target: -target.weight)
    # Each is first as often as its weight says (Efraimidis and Spirakis, 2006).
    keys = {name: draw(call_id, name) ** (1 / target.weight) for name, target in targets.items()}
    return [targets[name] for name in sorted(targets, key=lambda name: -keys[name])]
