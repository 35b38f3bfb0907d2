"""Why a phone that rang was not taken up, as far as the queue's own clock tells.

app_queue says for how long it rang a phone and not with which word the phone refused (486, 480 and 603 look
alike), and it counts in whole seconds. Makers of phones use all three words for "do not disturb" and for
"busy", so what can be told apart is the hand: nobody declines within the second in which the phone rings.
"""

from __future__ import annotations

from typing import Final

NO_ANSWER: Final = "no-answer"
"""It rang for the whole time."""
DECLINED: Final = "declined"
"""It rang, and somebody sent the caller on."""
DO_NOT_DISTURB: Final = "do-not-disturb"
"""It refused at once, so no hand did: it is set to, or it is busy with a call that we do not know of."""

NOT_TAKEN: Final = frozenset({NO_ANSWER, DECLINED, DO_NOT_DISTURB})

AT_ONCE_MS: Final = 1000


def why_not_taken(rang_ms: int, ring_time_s: int) -> str:
    """The reason for a phone that rang for so long, where it may ring for `ring_time_s` seconds."""
    if rang_ms >= ring_time_s * 1000:
        return NO_ANSWER
    return DO_NOT_DISTURB if rang_ms <= AT_ONCE_MS else DECLINED
