"""Which number was dialled for which channel: the dialplan says it just before Asterisk makes the channel.

Words and channels are in the order of the file, so a clock that was set in between does no harm. A dialling
of which no channel came, as where the trunk was down, gives its number to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, stage_text
from hotline_ivr.routing.usage import trunk_of

_OVER = frozenset({"dialled", "target-over", "callback-over"})


def dialled_numbers(events: Iterable[CallEvent]) -> dict[str, str]:
    """The number of each channel outside, from a call's events in order; of some it may not be known."""
    # Who dials at this moment -> trunk and number; a centre's targets are told without their trunk.
    dialling: dict[str, tuple[str, str]] = {}
    found: dict[str, str] = {}
    for event in events:
        if event.kind == STAGE_EVENT:
            words = [*stage_text(event.extra).split("|"), "", ""]
            if words[0] in {"dial", "target"} or words[0] in _OVER:
                dialling.pop(event.channel, None)
            if words[0] in {"dial", "target"}:
                dialling[event.channel] = (words[1] if words[0] == "dial" else "", words[2])
        elif event.kind == "CHAN_START" and (trunk := trunk_of(event.channel_name)):
            for who, (by, number) in reversed(dialling.items()):
                if by in {trunk, ""}:
                    found[event.channel] = number
                    del dialling[who]
                    break
    return found
