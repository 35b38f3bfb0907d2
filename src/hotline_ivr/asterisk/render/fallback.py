"""The files by which calls go on when the service does not answer; see dialplans/hotline-fallback.conf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.calendar import Transition

# How far ahead opening hours are written down; after that Asterisk repeats the last week.
FALLBACK_DAYS = 14

# Openings on a line of text: Asterisk cuts a variable at 4,096 characters (VAR_BUF_SIZE), a moment is 13.
MOMENTS_A_LINE = 250


@dataclass(frozen=True, slots=True)
class LineHours:
    line: str
    transitions: Sequence[Transition]


def fallback_files(plan: Plan, hours: Sequence[LineHours]) -> Mapping[str, str]:
    """File name (relative to fallback_dir) to text, one file a line."""
    return {f"{one.line}.txt": _file(plan, one) for one in hours}


def _file(plan: Plan, hours: LineHours) -> str:
    line = plan.lines[hours.line]
    prompts = [line.greeting, line.closed_message, line.sorry_message, "technical"]
    greeting, closed, sorry, technical = (f"{line.language}/{prompt}" for prompt in prompts)
    last = str(int(hours.transitions[-1].at.timestamp()))
    place = ["1", greeting, line.queue, str(line.max_wait), closed, sorry, technical, last, "end"]
    moments = [f"{int(change.at.timestamp())}:{1 if change.open else 0}" for change in hours.transitions]
    chunks = [",".join([*chunk, "more"]) for chunk in batched(moments, MOMENTS_A_LINE)]
    chunks[-1] = chunks[-1].removesuffix("more") + "end"
    return "".join(f"{value(text)}\n" for text in ("|".join(place), *chunks))


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
