"""The other channels of a call: whose telephone rang, what came of it, who was bridged to the caller."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from hotline_ivr.routing.call_record import LegRecord, LegResult
from hotline_ivr.routing.cel import CallEvent

# An operator's telephone: endpoint "<operator>.<four random characters>", or "<operator>.<device>.<four>" of
# one who has several, then Asterisk's channel number. Ids have no dots.
_OPERATOR_CHANNEL = re.compile(r"PJSIP/([^.]+)(?:\.([^.]+))?\.[A-Za-z0-9]{4}-[0-9a-f]+\Z")
# As Asterisk writes it (cel.c); anything else goes through JSON's decoder, which takes three times as long.
_HANGUP = re.compile(r'\{"hangupcause":(\d{1,3}),"hangupsource":"([^"\\]*)"')


# Ringing is called off within this time of the caller's hang-up or of somebody's answer (0.5 ms was seen).
CALLED_OFF_WITHIN_US = 500_000


def operator_of(channel_name: str) -> str | None:
    """The operator whose telephone this channel is, or None."""
    match = _OPERATOR_CHANNEL.match(channel_name)
    return match.group(1) if match else None


def device_of(channel_name: str) -> str | None:
    """Which of the operator's telephones this channel is; None where there is only one, or no operator."""
    match = _OPERATOR_CHANNEL.match(channel_name)
    return match.group(2) if match else None


def bridge_of(extra: str) -> str:
    """The bridge a BRIDGE_ENTER or BRIDGE_EXIT speaks of."""
    parts = extra.split('"', 4)
    return parts[3] if len(parts) == 5 and parts[1] == "bridge_id" else ""


def hangup_of(extra: str) -> tuple[int | None, str]:
    """Cause and originator of a HANGUP; the originator is a channel's name, `dialplan/...` or empty."""
    match = _HANGUP.match(extra)
    if match is not None:
        return int(match.group(1)), match.group(2)
    try:
        fields = json.loads(extra)
        cause, source = fields.get("hangupcause"), fields.get("hangupsource")
    except (ValueError, AttributeError):
        return None, ""
    return cause if isinstance(cause, int) and 0 <= cause < 1000 else None, source if isinstance(
        source, str
    ) else ""


class Leg:
    """One other channel while its call is folded."""

    __slots__ = (
        "answered_at",
        "by_itself",
        "cause",
        "channel",
        "connected_at",
        "ended_at",
        "name",
        "operator",
        "started_at",
        "talk_us",
        "talking_since",
    )

    def __init__(self, channel: str, name: str) -> None:
        self.channel = channel
        self.name = name
        self.operator = operator_of(name)
        self.started_at: int | None = None
        self.answered_at: int | None = None
        self.connected_at: int | None = None
        self.ended_at: int | None = None
        self.cause: int | None = None
        # It was this side that hung up.
        self.by_itself = False
        # Time in one bridge with the caller: what is over, and since when it lasts.
        self.talk_us = 0
        self.talking_since: int | None = None

    def talks(self, at: int) -> None:
        """In one bridge with the caller from now on, if not already."""
        if self.connected_at is None:
            self.connected_at = at
        if self.talking_since is None:
            self.talking_since = at

    def stops(self, at: int) -> None:
        if self.talking_since is not None:
            self.talk_us += max(0, at - self.talking_since)
            self.talking_since = None

    def ends(self, event: CallEvent) -> None:
        """Hung up, or gone altogether."""
        if self.ended_at is None:
            self.ended_at = event.at
        if event.kind == "HANGUP":
            self.cause, source = hangup_of(event.extra)
            self.by_itself = source == self.name

    def record(self, caller_ended_at: int | None, others: list[Leg]) -> LegRecord:
        """`caller_ended_at` is set when the caller hung up; `others` are all legs of the call."""
        return LegRecord(
            self.channel,
            self.name,
            self.operator,
            device_of(self.name),
            self.started_at,
            self.answered_at,
            self.connected_at,
            self.ended_at,
            self.cause,
            self.talk_us // 1000 if self.connected_at is not None else None,
            self._result(caller_ended_at, others),
        )

    def _result(self, caller_ended_at: int | None, others: list[Leg]) -> LegResult | None:
        # Of a colleague who was asked before the caller was handed over the answer belongs to another call.
        if self.answered_at is not None or self.connected_at is not None:
            return LegResult.ANSWERED
        if self.ended_at is None:
            return None
        # ITU-T Q.850 causes, as Asterisk maps SIP answers to them: 486 is 17, 603 is 21, 480 is 19, 408 is
        # 18; 26 is "answered elsewhere", and 0 and 16 say nothing.
        match self.cause:
            case 17:
                return LegResult.BUSY
            case 21:
                return LegResult.REJECTED
            case 26:
                return LegResult.CANCELLED
            case None | 0 | 16 | 18 | 19:
                called_off = self._called_off(self.ended_at, caller_ended_at, others)
                return LegResult.CANCELLED if called_off else LegResult.NO_ANSWER
            case _:
                return LegResult.FAILED

    def _called_off(self, ended_at: int, caller_ended_at: int | None, others: list[Leg]) -> bool:
        """Asterisk gives a ringing that timed out and one that was called off the same cause, 0."""
        moments = [leg.answered_at for leg in others if leg.answered_at is not None]
        if caller_ended_at is not None:
            moments.append(caller_ended_at)
        return any(abs(ended_at - moment) <= CALLED_OFF_WITHIN_US for moment in moments)


class Conversation:
    """Who shares a bridge with the caller, and for how long operators did."""

    __slots__ = (
        "_before_us",
        "_bridges",
        "_caller",
        "_latest",
        "_pair",
        "_since",
        "_with",
        "connected_at",
        "operator",
        "talk_us",
    )

    def __init__(self, caller: str) -> None:
        self._caller = caller
        # Channel -> the bridge it is in.
        self._bridges: dict[str, str] = {}
        # Two ends of our own that hand on all they hear: who is with one is with whoever is with the other.
        self._pair: set[str] = set()
        self._since: int | None = None
        # Who is in one bridge with the caller.
        self._with: list[Leg] = []
        self.talk_us = 0
        self.connected_at: int | None = None
        self.operator: str | None = None
        # When the latest of several talks began, and how long those before it were.
        self._latest: int | None = None
        self._before_us = 0

    def be(self, caller: str) -> None:
        """The caller's channel is another one from now on, which is in no bridge yet."""
        self._caller = caller

    def passes_on(self, ends: Iterable[str]) -> None:
        """These channels are the two ends of a pair."""
        self._pair.update(ends)

    @property
    def talking(self) -> bool:
        return self._since is not None

    def bridges(self) -> set[str]:
        """Where anybody of the call is now."""
        return set(self._bridges.values())

    def enter(self, channel: str, bridge: str, at: int, legs: dict[str, Leg]) -> None:
        self._bridges[channel] = bridge
        self._look(at, legs)

    def leave(self, channel: str, at: int, legs: dict[str, Leg]) -> None:
        """Left its bridge, or ended altogether."""
        if self._bridges.pop(channel, None) is not None:
            self._look(at, legs)

    def stop(self, at: int) -> None:
        """Nobody talks with the caller now, or nothing more is known of this call."""
        for leg in self._with:
            leg.stops(at)
        self._with = []
        self._pause(at)

    def take_back(self) -> None:
        """The latest talk was none; those before it stand."""
        self.talk_us, self._since, self._with = self._before_us, None, []
        if self.connected_at == self._latest:
            self.connected_at = self.operator = None

    def _pause(self, at: int) -> None:
        if self._since is not None:
            self.talk_us += max(0, at - self._since)
            self._since = None

    def _look(self, at: int, legs: dict[str, Leg]) -> None:
        here = self._bridges.get(self._caller)
        paired = {self._bridges[channel] for channel in self._pair if channel in self._bridges}
        with_caller = paired if here in paired else {here}
        together = [
            leg
            for channel, bridge in self._bridges.items()
            if bridge in with_caller and (leg := legs.get(channel)) is not None
        ]
        for leg in self._with:
            if leg not in together:
                leg.stops(at)
        for leg in together:
            leg.talks(at)
        self._with = together
        operator = next((leg.operator for leg in reversed(together) if leg.operator), None)
        if operator is None:
            self._pause(at)
        elif self._since is None:
            self._since = self._latest = at
            self._before_us = self.talk_us
            if self.connected_at is None:
                self.connected_at = at
                self.operator = operator
