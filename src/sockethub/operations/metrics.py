"""What is counted and measured, for Prometheus: one registry for each process, nothing global.

Labels come from the declaration or from lists in the code, never from clients or services: their number is bounded.
Every metric is explained in docs/reference/metrics.md; a test compares that page with a running server.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final, Literal, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client import Counter as LibraryCounter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from sockethub import __version__, errors

Role = Literal["gateway", "workers"]

ANSWER_BUCKETS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Seconds. From an echo on one machine (under a millisecond) to a login at a slow server (half a minute)."""

PULSE_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Seconds, of what should take next to nothing."""

OTHER: Final = "other"
"""Stands for a label's value that is not on its list."""

REFUSALS: Final = {
    errors.MalformedMessage: "malformed",
    errors.ValidationFailed: "invalid",
    errors.UnknownPlatform: "unknown-platform",
    errors.UnsupportedVerb: "unsupported-verb",
    errors.CredentialsMissing: "no-credentials",
    errors.Unauthenticated: "unauthenticated",
    errors.RateLimited: "rate-limited",
    errors.MessageTooLarge: "too-large",
    errors.QueueFull: "queue-full",
    errors.QueueUnavailable: "queue-unavailable",
    errors.Restarting: "restarting",
    errors.QueueLost: "queue-lost",
}
"""Why a command is refused, as the label says it."""

Samples: TypeAlias = Iterable[tuple[Sequence[str], float]]
"""Values of a metric, each with those of its labels."""


class Distribution:
    """How often values fell into each bucket. A tenth of the time of the library's histogram, which has locks: here
    all counting is done by one thread.
    """

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    @property
    def total(self) -> float:
        """The sum of all values."""
        return self._total

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self._counts)

    def cumulative(self) -> list[tuple[float, int]]:
        """How many were no greater than each bound, the last of which is infinite."""
        return list(zip((*self._bounds, inf), accumulate(self._counts), strict=True))

    def quantile(self, share: float) -> float:
        """The bound within which ``share`` of all are; 0 where there are none.

        What is beyond the last finite bound is told as that.
        """
        count = self.count
        if not count:
            return 0.0
        return min(next(bound for bound, below in self.cumulative() if below >= share * count), self._bounds[-1])


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram that is read where it is kept, as a :class:`Reading`."""

    name: str
    help: str
    labels: Sequence[str]
    read: Callable[[], Iterable[tuple[Sequence[str], Distribution]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric that is read where it is kept, when somebody asks: it costs nothing until then."""

    kind: Literal["counter", "gauge"]
    name: str
    help: str
    labels: Sequence[str]
    read: Callable[[], Samples]


class _Readings(Collector):
    def __init__(self, readings: Sequence[Reading | Spread]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for reading in self._readings:
            if isinstance(reading, Spread):
                yield _histogram(reading)
                continue
            family = CounterMetricFamily if reading.kind == "counter" else GaugeMetricFamily
            metric = family(reading.name, reading.help, labels=reading.labels)
            for labels, value in reading.read():
                metric.add_metric(list(labels), value)
            yield metric


def _bound(bound: float) -> str:
    text: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
    return text


def _histogram(spread: Spread) -> HistogramMetricFamily:
    metric = HistogramMetricFamily(spread.name, spread.help, labels=spread.labels)
    for labels, found in spread.read():
        buckets = [(_bound(bound), float(below)) for bound, below in found.cumulative()]
        metric.add_metric(list(labels), buckets, found.total)
    return metric


def reason_of(error: Exception) -> str:
    """Why a command is refused, in a word."""
    return REFUSALS.get(type(error), OTHER)


class Metrics:
    """What every role has."""

    def __init__(self, role: Role) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began is what `start_time` says
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.read(
            Reading(
                "gauge",
                "sockethub_build_info",
                "The version that runs, and as what; always 1.",
                ("version", "role"),
                lambda: [((__version__, role), 1)],
            )
        )
        self.round_trip = Histogram(
            "sockethub_redis_round_trip_seconds",
            "Time of a PING to Redis and back.",
            buckets=PULSE_BUCKETS,
            registry=self.registry,
        )
        self.lag = Histogram(
            "sockethub_loop_lag_seconds",
            "How late the event loop woke up a task that had waited: time in which nothing else was done either.",
            buckets=PULSE_BUCKETS,
            registry=self.registry,
        )
        self.redis_failures = self.counter("sockethub_redis_failures_total", "PINGs that Redis did not answer.")

    def counter(self, name: str, text: str, *labels: str) -> LibraryCounter:
        return LibraryCounter(name, text, labels, registry=self.registry)

    def read(self, *readings: Reading | Spread) -> None:
        """From now on these are told, too."""
        self.registry.register(_Readings(readings))

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """All of it in the format that ``accept`` (an HTTP header) asks for, and its media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type


class OfPlatform:
    """What is counted on the way of every message of one platform."""

    __slots__ = ("delivered", "events", "performing", "seconds", "waiting")

    def __init__(self) -> None:
        self.seconds = Distribution(ANSWER_BUCKETS)
        self.performing = Distribution(ANSWER_BUCKETS)
        self.waiting = Distribution(ANSWER_BUCKETS)
        self.events = 0
        self.delivered = 0


class GatewayMetrics(Metrics):
    """A gateway's. What is on the way of every message costs about a microsecond."""

    def __init__(self) -> None:
        super().__init__("gateway")
        self._connections = self.counter(
            "sockethub_connections_total", "Clients that have connected, by how they did.", "transport"
        )
        self._refused_connections = self.counter(
            "sockethub_connections_refused_total", "Clients that were not let in: too many from one address."
        )
        self._refused = self.counter(
            "sockethub_commands_refused_total", "Commands that were refused before they were queued.", "reason"
        )
        self._overflows = self.counter(
            "sockethub_outbox_overflows_total", "Clients that were closed because they did not read.", "transport"
        )
        self._late = self.counter("sockethub_late_replies_total", "Replies that came when nobody waited any more.")
        self._notices = self.counter(
            "sockethub_login_notices_total",
            "What machines told of logins: running, lost (and being replaced), stopped, failed.",
            "state",
        )
        self._answered: Counter[tuple[str, str, str]] = Counter()
        self._platforms: dict[str, OfPlatform] = {}
        self.read(
            Reading(
                "counter",
                "sockethub_commands_total",
                "Commands that were queued and answered: result, error or unknown.",
                ("platform", "verb", "outcome"),
                lambda: sorted(self._answered.items()),
            ),
            Spread(
                "sockethub_command_seconds",
                "From a command's arrival, checked, to its answer.",
                ("platform",),
                lambda: [((name,), each.seconds) for name, each in sorted(self._platforms.items())],
            ),
            Spread(
                "sockethub_command_performing_seconds",
                "The part of it in which a worker was busy with the command: its service, mostly.",
                ("platform",),
                lambda: [((name,), each.performing) for name, each in sorted(self._platforms.items())],
            ),
            Spread(
                "sockethub_command_waiting_seconds",
                "The rest of it: in the queue, and on the way there and back.",
                ("platform",),
                lambda: [((name,), each.waiting) for name, each in sorted(self._platforms.items())],
            ),
            Reading(
                "counter",
                "sockethub_events_total",
                "Events that workers told this gateway.",
                ("platform",),
                lambda: [((name,), each.events) for name, each in sorted(self._platforms.items())],
            ),
            Reading(
                "counter",
                "sockethub_events_delivered_total",
                "Events that were sent on, counted for each session.",
                ("platform",),
                lambda: [((name,), each.delivered) for name, each in sorted(self._platforms.items())],
            ),
        )

    def connected(self, transport: str) -> None:
        self._connections.labels(transport).inc()

    def refused_connection(self) -> None:
        self._refused_connections.inc()

    def refused(self, error: Exception) -> None:
        """A command was not queued."""
        self._refused.labels(reason_of(error)).inc()

    def answered(self, platform: str, verb: str, outcome: str, seconds: float, performing: float | None) -> None:
        """A command has its answer after ``seconds``; ``performing`` is the worker's share, None where none replied.

        ``verb`` must be one that the declaration knows.
        """
        self._answered[platform, verb, outcome] += 1
        of = self._of(platform)
        of.seconds.observe(seconds)
        if performing is not None:
            of.performing.observe(performing)
            of.waiting.observe(max(0.0, seconds - performing))

    def told(self, platform: str, sessions: int) -> None:
        """An event has come, and went on to so many sessions."""
        of = self._of(platform)
        of.events += 1
        of.delivered += sessions

    def overflowed(self, transport: str) -> None:
        self._overflows.labels(transport).inc()

    def late(self) -> None:
        self._late.inc()

    def noticed(self, state: str) -> None:
        self._notices.labels(state).inc()

    def latencies(self) -> dict[str, tuple[int, float, float]]:
        """Answers of each platform: how many, and within how many seconds half and 99 of 100 of them came."""
        return {
            platform: (each.seconds.count, each.seconds.quantile(0.5), each.seconds.quantile(0.99))
            for platform, each in sorted(self._platforms.items())
            if each.seconds.count
        }

    def _of(self, platform: str) -> OfPlatform:
        found = self._platforms.get(platform)
        if found is None:
            found = self._platforms[platform] = OfPlatform()
        return found


class WorkersMetrics(Metrics):
    """A supervisor's, with what it knows of its workers."""

    def __init__(self) -> None:
        super().__init__("workers")
        self.starts = self.counter("sockethub_worker_starts_total", "Worker processes started.", "platform")
        self.exits = self.counter(
            "sockethub_worker_exits_total", "Worker processes that ended, by why.", "platform", "reason"
        )
        self.fork_failures = self.counter(
            "sockethub_worker_start_failures_total", "Worker processes that could not be started.", "platform"
        )
        self.fork_servers = self.counter(
            "sockethub_fork_server_exits_total", "Fork servers that ended, their workers with them.", "platform"
        )
        self.records_dropped = self.counter(
            "sockethub_log_records_dropped_total",
            "Events that workers logged on standard error alone, for there were too many; `sockethub logs` lacks them.",
            "platform",
        )
        self.leases_lost = self.counter(
            "sockethub_leases_lost_total", "Logins that another machine had taken meanwhile."
        )
        self.taken_over = self.counter(
            "sockethub_logins_taken_over_total", "Logins taken over from a machine that is gone."
        )
        self.refused = self.counter(
            "sockethub_logins_refused_total", "Logins that were asked for and not run, by why.", "reason"
        )
