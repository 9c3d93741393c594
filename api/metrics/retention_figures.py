# SPDX-License-Identifier: GPL-3.0-or-later
"""What do those learn who watch of what is removed as too old, or too much?"""

from dataclasses import asdict

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.retention.removed import Removed


class RetentionFigures:
    """The figures about retention of one control plane."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._removed = Counter(
            "myx_retention_removed",
            "What this process removed as too old or too much, by kind.",
            ["kind"],
            registry=registry,
        )
        self._log_bytes = Counter(
            "myx_retention_removed_log_bytes", "Bytes of the logs among it.", registry=registry
        )
        self._bundle_bytes = Counter(
            "myx_retention_removed_bundle_bytes",
            "Bytes of the content bundles among it.",
            registry=registry,
        )
        self._seconds = Gauge(
            "myx_retention_last_seconds", "How long the last look took.", registry=registry
        )
        self._ended = Gauge(
            "myx_retention_last_end_timestamp_seconds",
            "When this process last was through with looking for what is too old.",
            registry=registry,
        )

    def note_removed(self, removed: Removed) -> None:
        """Count what a step removed."""
        counts = asdict(removed)
        self._log_bytes.inc(counts.pop("log_bytes"))
        self._bundle_bytes.inc(counts.pop("bundle_bytes"))
        for kind, count in counts.items():
            if count:
                self._removed.labels(kind).inc(count)

    def note_sweep(self, seconds: float) -> None:
        """Note that a sweep is through, and how long it took."""
        self._seconds.set(seconds)
        self._ended.set_to_current_time()
