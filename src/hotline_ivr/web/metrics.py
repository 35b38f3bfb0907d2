"""What Prometheus reads. No label ever holds anything that a caller controls.

The names are a promise to dashboards; docs/operations.md lists them all, and a test holds that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from hotline_ivr import __version__
from hotline_ivr.routing.alarms import Alarms
from hotline_ivr.routing.alert_words import ASTERISK, DISK, GHOST_OPEN, RECORD
from hotline_ivr.routing.promises import PromisesNow
from hotline_ivr.routing.webhooks import HookCount

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds from the connection to the confirmed answer; 2.5 s is where Asterisk stops waiting.
_ASK_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5)
# Seconds in the queue until an operator answered.
_WAIT_BUCKETS = (5, 10, 20, 30, 60, 120, 300, 600)


ALARMS = (GHOST_OPEN, RECORD, ASTERISK, DISK)


class FloorView(Protocol):
    """What the gauges need of the live picture."""

    def operators_by_state(self) -> Mapping[str, int]: ...

    def waiting_by_queue(self) -> Mapping[str, int]: ...


class Metrics:
    """All metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        build = Gauge("hotline_build_info", "Version that runs; always 1.", ["version"], registry=registry)
        build.labels(__version__).set(1)
        self.asks = Counter("hotline_asks", "Asks by how they ended.", ["end"], registry=registry)
        self.ask_seconds = Histogram(
            "hotline_ask_seconds", "Time of an ask.", buckets=_ASK_BUCKETS, registry=registry
        )
        self.calls = Counter(
            "hotline_calls", "Calls that ended, by line and outcome.", ["line", "outcome"], registry=registry
        )
        self.wait_seconds = Histogram(
            "hotline_wait_seconds",
            "Wait of answered calls.",
            ["queue"],
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self.record_events = Counter(
            "hotline_record_events", "Events read from Asterisk's files.", ["source"], registry=registry
        )
        self.record_rejected = Counter(
            "hotline_record_rejected",
            "Lines kept aside because they could not be read.",
            ["source"],
            registry=registry,
        )
        self.record_lag = Gauge(
            "hotline_record_lag_seconds",
            "Age of the oldest event that is not yet in the database.",
            registry=registry,
        )
        self.balance_differences = Gauge(
            "hotline_balance_differences",
            "Differences that the newest nightly balance proof and its comparison of invoices have found.",
            registry=registry,
        )
        self.balance_time = Gauge(
            "hotline_balance_timestamp_seconds", "When the newest balance was proved.", registry=registry
        )
        self.repeated = Gauge(
            "hotline_calls_repeated_ratio",
            "Share of calls after which the same person called the line again within a week.",
            ["line", "after"],
            registry=registry,
        )
        self.recordings_sealed = Counter(
            "hotline_recordings_kept", "Parts of recordings that were kept.", registry=registry
        )
        self.recordings_waiting = Gauge(
            "hotline_recordings_waiting",
            "Parts that lie on the disk and are not encrypted yet.",
            registry=registry,
        )
        self.recordings_full = Gauge(
            "hotline_recordings_stopped", "1 while nothing is recorded for want of space.", registry=registry
        )
        self.recordings_free = Gauge(
            "hotline_recordings_free_bytes", "Free space where recordings are kept.", registry=registry
        )
        self.recordings_strays = Gauge(
            "hotline_recordings_strays",
            "Files without a call, calls without a file and the like, as the last night found them.",
            registry=registry,
        )
        self.floods = Counter(
            "hotline_flood_refusals",
            "Calls turned away by the guard against floods.",
            ["by"],
            registry=registry,
        )
        self.pins = Counter(
            "hotline_control_pins", "PINs entered at the control number.", ["result"], registry=registry
        )
        self.alert_deliveries = Counter(
            "hotline_alert_deliveries",
            "Tries to deliver an alert, by way and result.",
            ["channel", "result"],
            registry=registry,
        )
        self.webhook_deliveries = Counter(
            "hotline_webhook_deliveries",
            "Tries to tell a web hook of the record, by result.",
            ["hook", "result"],
            registry=registry,
        )
        self.callbacks = Counter(
            "hotline_callbacks", "People called back, by how the call ended.", ["outcome"], registry=registry
        )
        self.queue_wakeups = Counter(
            "hotline_queue_wakeups",
            "Waiting callers woken, by answer of Asterisk.",
            ["answer"],
            registry=registry,
        )
        self.config_ok = Gauge(
            "hotline_config_last_reload_successful",
            "1 if the configuration on disk is the one in use.",
            registry=registry,
        )
        self.config_time = Gauge(
            "hotline_config_last_reload_success_timestamp_seconds",
            "When a configuration was last taken.",
            registry=registry,
        )

    def watch_floor(self, floor: Callable[[], FloorView]) -> None:
        """Add the gauges of the live picture; they are read when Prometheus asks."""
        self.registry.register(_FloorCollector(floor))

    def watch_standings(self, standings: Callable[[], Mapping[str, int]]) -> None:
        """Add how many operators stand how to the queues, whatever their phones do."""
        self.registry.register(_StandingCollector(standings))

    def watch_link(
        self,
        connected: Callable[[], bool],
        dropped: Callable[[], Mapping[str, int]],
        logins: Callable[[], Mapping[str, int]],
    ) -> None:
        """Add what there is to know of the manager link.

        `dropped` is events not used, by reason; `logins` those tried, by result.
        """
        self.registry.register(_LinkCollector(connected, dropped, logins))

    def watch_alerts(self, queued: Callable[[], int], alarms: Callable[[], Alarms]) -> None:
        """Add the alerts on their way, and the alarms that somebody has been told of."""
        self.registry.register(_AlertCollector(queued, alarms))

    def watch_record(self, behind: Callable[[], Mapping[str, tuple[int, float]]]) -> None:
        """Add how far the record is behind Asterisk's files: bytes and seconds by source."""
        self.registry.register(_RecordCollector(behind))

    def watch_disks(self, free: Callable[[], Mapping[str, int]], full: Callable[[], Collection[str]]) -> None:
        """Add how much room there is for the record, in bytes by place, and which places have too little."""
        self.registry.register(_DiskCollector(free, full))

    def watch_promises(self, promises: Callable[[], PromisesNow], clock: Callable[[], datetime]) -> None:
        """Add what is owed to callers; `clock` is aware."""
        self.registry.register(_PromiseCollector(promises, clock))

    def watch_places(self, places: Callable[[], Mapping[str, Sequence[datetime]]]) -> None:
        """Add who keeps a place in a queue without being there."""
        self.registry.register(_PlaceCollector(places))

    def watch_webhooks(
        self, counts: Callable[[], Mapping[str, HookCount]], clock: Callable[[], datetime]
    ) -> None:
        """Add what waits for each web hook, and for how long; `clock` is aware."""
        self.registry.register(_WebhookCollector(counts, clock))

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def names(self) -> Iterable[str]:
        """Every metric's name as Prometheus shows it."""
        for family in self.registry.collect():
            yield f"{family.name}_total" if family.type == "counter" else family.name


class _FloorCollector(Collector):
    def __init__(self, floor: Callable[[], FloorView]) -> None:
        self._floor = floor

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        floor = self._floor()
        operators = GaugeMetricFamily(
            "hotline_operators", "Operators by what their phones do.", labels=["state"]
        )
        for state, count in floor.operators_by_state().items():
            operators.add_metric([state], count)
        yield operators
        waiting = GaugeMetricFamily("hotline_calls_waiting", "Callers that wait now.", labels=["queue"])
        for queue, count in floor.waiting_by_queue().items():
            waiting.add_metric([queue], count)
        yield waiting


class _StandingCollector(Collector):
    def __init__(self, standings: Callable[[], Mapping[str, int]]) -> None:
        self._standings = standings

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "hotline_operators_standing", "Operators by how they stand to the queues.", labels=["standing"]
        )
        for standing, count in self._standings().items():
            family.add_metric([standing], count)
        yield family


class _AlertCollector(Collector):
    def __init__(self, queued: Callable[[], int], alarms: Callable[[], Alarms]) -> None:
        self._queued, self._alarms = queued, alarms

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "hotline_alerts_queued", "Alerts that somebody has yet to be told of.", value=self._queued()
        )
        family = GaugeMetricFamily("hotline_alarms", "Alarms that stand, by kind.", labels=["kind"])
        raised = [key.kind for key, alarm in self._alarms().items() if alarm.raised is not None]
        for kind in ALARMS:
            family.add_metric([kind], raised.count(kind))
        yield family


class _RecordCollector(Collector):
    def __init__(self, behind: Callable[[], Mapping[str, tuple[int, float]]]) -> None:
        self._behind = behind

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        missing = GaugeMetricFamily(
            "hotline_record_behind_bytes", "Bytes of a log not in the database.", labels=["source"]
        )
        since = GaugeMetricFamily(
            "hotline_record_behind_seconds", "For how long a log is not all in it.", labels=["source"]
        )
        for source, (size, seconds) in self._behind().items():
            missing.add_metric([source], size)
            since.add_metric([source], seconds)
        yield missing
        yield since


class _DiskCollector(Collector):
    def __init__(self, free: Callable[[], Mapping[str, int]], full: Callable[[], Collection[str]]) -> None:
        self._free, self._full = free, full

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        free = GaugeMetricFamily(
            "hotline_disk_free_bytes", "Free space where the record is written.", labels=["place"]
        )
        full = GaugeMetricFamily("hotline_disk_full", "1 while too little of it is left.", labels=["place"])
        found, lacking = self._free(), self._full()
        for place, room in found.items():
            free.add_metric([place], room)
            full.add_metric([place], place in lacking)
        yield free
        yield full


class _PromiseCollector(Collector):
    def __init__(self, promises: Callable[[], PromisesNow], clock: Callable[[], datetime]) -> None:
        self._promises, self._clock = promises, clock

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._promises()
        owed = GaugeMetricFamily("hotline_promises_open", "People who are owed a call back.", labels=["line"])
        for line, count in now.by_line.items():
            owed.add_metric([line], count)
        yield owed
        age = 0.0 if now.oldest_at is None else (self._clock() - now.oldest_at).total_seconds()
        name = "hotline_promises_oldest_age_seconds"
        yield GaugeMetricFamily(name, "For how long the oldest has waited.", value=max(0.0, age))


class _PlaceCollector(Collector):
    def __init__(self, places: Callable[[], Mapping[str, Sequence[datetime]]]) -> None:
        self._places = places

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        words = "People who have hung up, keep their place and will be rung back."
        family = GaugeMetricFamily("hotline_places_kept", words, labels=["queue"])
        for queue, places in self._places().items():
            family.add_metric([queue], len(places))
        yield family


class _WebhookCollector(Collector):
    def __init__(self, counts: Callable[[], Mapping[str, HookCount]], clock: Callable[[], datetime]) -> None:
        self._counts, self._clock = counts, clock

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily(
            "hotline_webhooks_waiting", "Messages that a web hook has not taken.", labels=["hook"]
        )
        failed = GaugeMetricFamily(
            "hotline_webhooks_failed", "Messages that were given up and are kept.", labels=["hook"]
        )
        age = GaugeMetricFamily(
            "hotline_webhooks_oldest_age_seconds", "For how long the oldest has waited.", labels=["hook"]
        )
        for hook, count in self._counts().items():
            waiting.add_metric([hook], count.waiting)
            failed.add_metric([hook], count.failed)
            since = (self._clock() - count.oldest_at).total_seconds() if count.oldest_at else 0.0
            age.add_metric([hook], max(0.0, since))
        yield waiting
        yield failed
        yield age


class _LinkCollector(Collector):
    def __init__(
        self,
        connected: Callable[[], bool],
        dropped: Callable[[], Mapping[str, int]],
        logins: Callable[[], Mapping[str, int]],
    ) -> None:
        self._connected = connected
        self._dropped = dropped
        self._logins = logins

    @override
    def collect(self) -> Iterator[Metric]:
        connected = int(self._connected())
        yield GaugeMetricFamily("hotline_ami_connected", "1 while logged in to Asterisk.", value=connected)
        dropped = CounterMetricFamily(
            "hotline_ami_events_dropped", "Manager events not used.", labels=["reason"]
        )
        for reason, count in self._dropped().items():
            dropped.add_metric([reason], count)
        yield dropped
        logins = CounterMetricFamily("hotline_ami_logins", "Logins to Asterisk.", labels=["result"])
        for result, count in self._logins().items():
            logins.add_metric([result], count)
        yield logins
