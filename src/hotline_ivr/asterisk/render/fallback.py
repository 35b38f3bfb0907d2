"""The files by which calls go on when the service does not answer; see dialplans/hotline-fallback.conf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import LocalProtocolError
from hotline_ivr.routing.calendar import Transition

# How far ahead opening hours are written down; after that Asterisk repeats the last week.
FALLBACK_DAYS = 14

# Asterisk cuts a variable at 4,096 characters (VAR_BUF_SIZE); a cut list would end in the middle of a moment.
VARIABLE_LIMIT = 4000


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
    place = ["1", greeting, line.queue, str(line.max_wait), closed, sorry, technical, "end"]
    moments = [f"{int(change.at.timestamp())}:{1 if change.open else 0}" for change in hours.transitions]
    opening = ",".join([*moments, "end"])
    if len(opening) > VARIABLE_LIMIT:
        raise LocalProtocolError(f"line {hours.line}: {len(moments)} openings are too many for one file")
    return f"{value('|'.join(place))}\n{value(opening)}\n"
