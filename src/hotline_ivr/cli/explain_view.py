"""What `hotline explain` shows; what it says comes from routing/explain."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hotline_ivr.routing.explain import Explanation
from hotline_ivr.routing.limits import limits_in_words
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Change
from hotline_ivr.views.step_words import step_in_words

_CONSENT = {
    "key": "callers are asked before they wait, and recorded if they press 1",
    "announce": "callers are told before they wait that they are recorded",
    "none": "callers are recorded, and not told",
}


def in_words(found: Explanation, zone: ZoneInfo, book: Rulebook) -> str:
    """The explanation for people."""
    name = book.plan.lines[found.line].name
    lines = [
        f"{name} ({found.line}, {found.number}) at {found.at.astimezone(zone):%A %Y-%m-%d %H:%M %Z}",
        "",
        f"{'open' if found.situation.open else 'closed'}, by {found.situation.rule.name}",
    ]
    for each in found.trace:
        mark = "won " if each.won else "lost" if each.applies else "  - "
        lines.append(f"  {mark} {each.rule.kind.value:<12} {each.rule.name}: {each.why}")
    if found.head_start.seconds:
        lines += ["", f"preferred in queues by {found.head_start.seconds} s: {found.head_start.because}"]
    for part in found.parts:
        lines += ["", f"{part.because} ({part.decision.reason}):"]
        lines += [f"  {number}. {step_in_words(step)}" for number, step in enumerate(part.decision.steps, 1)]
    told = [f"in queue {queue} {_CONSENT[consent]}" for queue, consent in found.recorded]
    lines += ["", *told] if told else []
    if limits := limits_in_words(book.plan, found.line, found.number):
        lines += ["", "limits:", *(f"  {each}" for each in limits)]
    change = found.next_change
    lines += ["", "cost:", *(f"  {price.words}" for price in found.prices)]
    lines += [
        "",
        "this does not change by itself within three years" if change is None else _next(change, zone),
    ]
    return "\n".join(lines)


def _next(change: Change, zone: ZoneInfo) -> str:
    what = "opens" if change.situation.open else "closes"
    return (
        f"next change: {change.at.astimezone(zone):%A %Y-%m-%d %H:%M}, {what} by {change.situation.rule.name}"
    )
