"""What has been wrong for how long, and when that is an alarm: raised once, and cleared once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple


class AlarmKey(NamedTuple):
    """What may be wrong: the kind of alert, and the queue or part."""

    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Wrong since a moment (aware, UTC); `raised` is when somebody was told, None: it may yet pass."""

    since: datetime
    raised: datetime | None = None


Alarms = Mapping[AlarmKey, Alarm]


@dataclass(frozen=True, slots=True)
class Watched:
    """The alarms after a look; what is to be told now, and what is over, as it stood before."""

    alarms: Alarms
    raised: tuple[AlarmKey, ...]
    over: Mapping[AlarmKey, Alarm]


def watched(
    alarms: Alarms,
    wrong: Collection[AlarmKey],
    unknown: Callable[[AlarmKey], bool],
    now: datetime,
    patience: Callable[[AlarmKey], timedelta],
) -> Watched:
    """What is wrong goes on or begins; of what is `unknown` nothing changes; the rest is over."""
    kept: dict[AlarmKey, Alarm] = {}
    over: dict[AlarmKey, Alarm] = {}
    raised: list[AlarmKey] = []
    for key, alarm in alarms.items():
        if key in wrong or unknown(key):
            kept[key] = alarm
        elif alarm.raised is not None:
            over[key] = alarm
    for key in wrong:
        alarm = kept.setdefault(key, Alarm(now))
        if alarm.since > now:
            # Somebody has set the clock back.
            alarm = kept[key] = replace(alarm, since=now)
        if alarm.raised is None and now - alarm.since >= patience(key):
            kept[key] = replace(alarm, raised=now)
            raised.append(key)
    return Watched(kept, tuple(raised), over)
