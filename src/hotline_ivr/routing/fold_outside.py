"""What became of a call outside: at which centre, who was rung there, for how long they rang and talked."""

from __future__ import annotations


class Outside:
    """The part of one call outside, while it is folded. Times are microseconds since 1970 UTC."""

    __slots__ = (
        "_ring_us",
        "_ringing",
        "_talk_us",
        "_talking",
        "centre",
        "confirmation",
        "connected_at",
        "number",
    )

    def __init__(self) -> None:
        self.centre: str | None = None
        self.number: str | None = None
        self.confirmation: str | None = None
        # First moment in one bridge with somebody outside.
        self.connected_at: int | None = None
        self._ringing: int | None = None
        self._talking: int | None = None
        self._ring_us: int | None = None
        self._talk_us = 0

    @property
    def ring_ms(self) -> int | None:
        return None if self._ring_us is None else self._ring_us // 1000

    @property
    def talk_ms(self) -> int | None:
        return None if self.connected_at is None else self._talk_us // 1000

    def handed_over(self, centre: str, at: int) -> None:
        self.stop(at)
        self.centre = centre
        self._ringing = at

    def rung(self, number: str) -> None:
        if self.connected_at is None:
            self.number = number

    def asked(self, *, pressed: bool) -> None:
        if pressed or self.confirmation is None:
            self.confirmation = "pressed" if pressed else "not-pressed"

    def connected(self, at: int) -> None:
        self._rang_until(at)
        if self.connected_at is None:
            self.connected_at = at
        if self._talking is None:
            self._talking = at

    def disconnected(self, at: int) -> None:
        if self._talking is not None:
            self._talk_us += max(0, at - self._talking)
            self._talking = None

    def stop(self, at: int) -> None:
        """Come back, or hung up."""
        self._rang_until(at)
        self.disconnected(at)

    def _rang_until(self, at: int) -> None:
        if self._ringing is not None:
            self._ring_us = (self._ring_us or 0) + max(0, at - self._ringing)
            self._ringing = None
