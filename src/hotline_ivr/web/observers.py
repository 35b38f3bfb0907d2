"""Turning what the parts observe into metrics."""

from __future__ import annotations

from hotline_ivr.asterisk.agi_server import SessionEnd
from hotline_ivr.web.metrics import Metrics


class AskObserver:
    """Counts asks by how they ended."""

    def __init__(self, metrics: Metrics) -> None:
        self._ends = {end: metrics.asks.labels(end.value) for end in SessionEnd}
        self._seconds = metrics.ask_seconds

    def session_ended(self, end: SessionEnd, seconds: float) -> None:
        self._ends[end].inc()
        self._seconds.observe(seconds)


class RecordObserver:
    """Counts what the record keeper reads and writes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
