"""Turning what the parts observe into metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hotline_ivr.asterisk.agi_server import SessionEnd
from hotline_ivr.routing.alerts import Channel, Result
from hotline_ivr.routing.call_record import CallKind, CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.routing.webhooks import DeliveryState
from hotline_ivr.store.balance import Night
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

    def read(self, source: Source, events: int, rejected: int) -> None:
        self._metrics.record_events.labels(source.value).inc(events)
        if rejected:
            self._metrics.record_rejected.labels(source.value).inc(rejected)

    def ended(self, record: CallRecord) -> None:
        if record.kind is CallKind.CALLBACK:
            self._metrics.callbacks.labels(str(record.outcome)).inc()
            return
        # The line's name is ours: it was rendered from the plan, no caller can choose it.
        self._metrics.calls.labels(record.line, str(record.outcome)).inc()
        if record.wait_ms is not None and record.queue and record.outcome is Outcome.ANSWERED:
            self._metrics.wait_seconds.labels(record.queue).observe(record.wait_ms / 1000)

    def amended(self, record: CallRecord) -> None:
        """A counter counts each call once, as it ended."""

    def lag(self, seconds: float) -> None:
        self._metrics.record_lag.set(seconds)


class BalanceObserver:
    """Shows the newest balance proof."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def proved(self, night: Night) -> None:
        self._metrics.balance_differences.set(night.differences)
        self._metrics.balance_time.set(night.made_at.timestamp())


class RepeatObserver:
    """Shows who called again, by line; a line of which there is no figure any more has none."""

    def __init__(self, metrics: Metrics) -> None:
        self._ratio = metrics.repeated

    def repeats(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self._ratio.clear()
        for line in lines:
            for after, word in (("conversation", "answered"), ("no-conversation", "unanswered")):
                if line[word]:
                    self._ratio.labels(line["line"], after).set(line[f"{word}_again"] / line[word])


class RecordingObserver:
    """Shows how recordings do."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def sealed(self, parts: int) -> None:
        self._metrics.recordings_sealed.inc(parts)

    def waiting(self, parts: int) -> None:
        self._metrics.recordings_waiting.set(parts)

    def full(self, *, full: bool, free_mb: int) -> None:
        self._metrics.recordings_full.set(full)
        self._metrics.recordings_free.set(free_mb * 1_000_000)

    def strays(self, count: int) -> None:
        self._metrics.recordings_strays.set(count)


class AlertObserver:
    """Counts deliveries of alerts by how a try ended."""

    def __init__(self, metrics: Metrics) -> None:
        self._tries = metrics.alert_deliveries

    def tried(self, channel: Channel, result: Result) -> None:
        self._tries.labels(channel.value, result.value).inc()


class HookObserver:
    """Counts what web hooks are told, by how a try ended."""

    def __init__(self, metrics: Metrics) -> None:
        self._tries = metrics.webhook_deliveries

    def tried(self, hook: str, state: DeliveryState) -> None:
        self._tries.labels(hook, state.value).inc()

    def given_up(self, hook: str, count: int) -> None:
        self._tries.labels(hook, DeliveryState.FAILED.value).inc(count)


class WakeObserver:
    """Counts wake-ups by what Asterisk said to them."""

    def __init__(self, metrics: Metrics) -> None:
        self._sent = metrics.queue_wakeups.labels("success")
        self._refused = metrics.queue_wakeups.labels("refused")

    def sent(self) -> None:
        self._sent.inc()

    def refused(self) -> None:
        self._refused.inc()
