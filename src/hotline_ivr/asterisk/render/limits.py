"""How many calls a number takes at once, as dialplans/hotline-guard.conf is told it."""

from __future__ import annotations

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.config.cause import CAUSES
from hotline_ivr.config.guard import ALL_BUSY
from hotline_ivr.config.models import Plan


def limits_of(plan: Plan, line_id: str, number: str) -> list[str]:
    """Lines of the dialplan for one number; none where nothing limits its calls."""
    line = plan.lines[line_id]
    if not line.is_limited and not any(trunk.channels for trunk in plan.trunks.values()):
        return []
    told = line.over_limit or plan.guard.over_limit or ALL_BUSY
    words = (
        line.channels,
        line.number_channels.get(number, 0),
        int(line.is_emergency(number)),
        f"{line.language}/{told.message}" if told.message else "",
        CAUSES[told.refuse or "busy"],
        plan.guard.most_messages,
    )
    return [f" same => n,Set(HOTLINE_LIMITS={value(','.join(map(str, words)))})"]
