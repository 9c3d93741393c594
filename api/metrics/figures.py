# SPDX-License-Identifier: GPL-3.0-or-later
"""Which figures are measured, and how are they written for Prometheus? Owns prometheus_client.

One registry for one control plane, none for the whole process. What is counted as it happens is
counted here; what the database knows comes as a ``Standing``, read when somebody asks.
"""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from agent_runner import __version__
from api.metrics.retention_figures import RetentionFigures
from api.metrics.standing import Standing

MEDIA_TYPE = CONTENT_TYPE_LATEST

CALL_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
BEHIND_BYTES = (0, 1024, 16_384, 262_144, 1_048_576, 16_777_216)


class Figures:
    """The figures of one control plane."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        about = Gauge("myx_info", "The version of MyX.", ["version"], registry=own)
        about.labels(__version__).set(1)
        self._calls = Histogram(
            "myx_agent_call_seconds",
            "How long answered calls to agents took; reads may wait for news.",
            ["method"],
            buckets=CALL_SECONDS,
            registry=own,
        )
        self._call_errors = Counter(
            "myx_agent_call_errors",
            "Calls to agents that failed, by code.",
            ["method", "code"],
            registry=own,
        )
        self._behind = Histogram(
            "myx_log_behind_bytes",
            "Bytes of a log that its host held and the control plane did not, after each read.",
            buckets=BEHIND_BYTES,
            registry=own,
        )
        self._loop_lag = Histogram(
            "myx_event_loop_lag_seconds",
            "How much later than it should the event loop came back.",
            buckets=LAG_SECONDS,
            registry=own,
        )
        self.retention = RetentionFigures(own)
        self._make_others(own)

    def _make_others(self, own: CollectorRegistry) -> None:
        self._set_aside = Counter(
            "myx_notification_events_set_aside",
            "Events that a notification could not be told of, for a fault: the log says more.",
            registry=own,
        )
        self._hosts = _gauge(own, "hosts", "Hosts by the state of their agents.", "state")
        self._runs = _gauge(own, "runs", "Runs by state.", "state")
        self._executions = _gauge(own, "executions", "Executions by state.", "state")
        self._deliveries = _gauge(
            own,
            "notification_deliveries",
            "What notifications send, by how far it has come.",
            "state",
        )
        self._beat_age = Gauge(
            "myx_heartbeat_age_seconds",
            "Since when the online host that was not heard of for longest was not heard of.",
            registry=own,
        )
        self._connections = Gauge(
            "myx_database_connections_in_use", "Connections to the database in use.", registry=own
        )
        self._database = Gauge(
            "myx_database_read_seconds",
            "How long it took to read what of these figures is in the database.",
            registry=own,
        )

    def note_call(self, method: str, seconds: float) -> None:
        """Count a call that was answered."""
        self._calls.labels(method).observe(seconds)

    def note_call_error(self, method: str, code: str) -> None:
        """Count a call that failed."""
        self._call_errors.labels(method, code).inc()

    def note_behind(self, size_bytes: int) -> None:
        """Note how much of a log was still on its host after a read."""
        self._behind.observe(size_bytes)

    def note_set_aside(self, count: int) -> None:
        """Count events that a notification could not be told of."""
        self._set_aside.inc(count)

    def note_loop_lag(self, seconds: float) -> None:
        """Note how much later than it should the event loop came back."""
        self._loop_lag.observe(seconds)

    def write(self, standing: Standing) -> bytes:
        """Write all figures in Prometheus's text format."""
        for gauge, counts in (
            (self._hosts, standing.hosts),
            (self._runs, standing.runs),
            (self._executions, standing.executions),
            (self._deliveries, standing.deliveries),
        ):
            gauge.clear()
            for state, count in counts.items():
                gauge.labels(state).set(count)
        self._beat_age.set(standing.heartbeat_age_s)
        self._connections.set(standing.connections)
        self._database.set(standing.read_s)
        return generate_latest(self._registry)


def _gauge(registry: CollectorRegistry, name: str, meaning: str, label: str) -> Gauge:
    return Gauge(f"myx_{name}", meaning, [label], registry=registry)
