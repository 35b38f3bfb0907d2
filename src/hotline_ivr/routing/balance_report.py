"""What a balance proof has found, as a value and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_ivr.routing.balance import LineSums
from hotline_ivr.routing.balance_sides import Imbalance

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What a proof found. Times are microseconds since 1970 UTC.

    Calls were compared that arrived from `files_since` on, which is where Asterisk's files begin (None if
    they were not looked at or none is there), and were quiet before `judged_until`. `shown` are the first of
    the differences; there are `differences` of them.
    """

    node: str
    since: int
    until: int
    files_since: int | None
    judged_until: int
    files: int
    unreadable: int
    lines: Mapping[str, LineSums]
    callbacks: int
    differences: int
    shown: tuple[Imbalance, ...]
    # SIP channels of which Asterisk wrote nothing.
    lost_channels: int = 0

    @property
    def arrivals(self) -> int:
        return sum(each.arrivals for each in self.lines.values())

    @property
    def under_way(self) -> int:
        return sum(each.under_way for each in self.lines.values())

    @property
    def even(self) -> bool:
        """Whether every arrival has exactly one outcome, and both accounts agree."""
        return not self.differences and all(each.even for each in self.lines.values())


def report_data(report: BalanceReport) -> dict[str, Any]:
    """For JSON; moments in RFC 3339, UTC."""
    return {
        "node": report.node,
        "since": _moment(report.since),
        "until": _moment(report.until),
        "files_since": None if report.files_since is None else _moment(report.files_since),
        "judged_until": _moment(report.judged_until),
        "files": report.files,
        "unreadable_lines": report.unreadable,
        "even": report.even,
        "arrivals": report.arrivals,
        "under_way": report.under_way,
        "callbacks": report.callbacks,
        "lost_channels": report.lost_channels,
        "lines": [
            {
                "line": line,
                "arrivals": sums.arrivals,
                "in_files": None if report.files_since is None else sums.written,
                "under_way": sums.under_way,
                "outcomes": dict(sorted(sums.outcomes.items())),
            }
            for line, sums in sorted(report.lines.items())
        ],
        "differences": report.differences,
        "shown": [{"call": call, "reason": str(reason), "text": text} for call, reason, text in report.shown],
    }


def _moment(at: int) -> str:
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
