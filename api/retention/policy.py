# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when is what removed at this moment? The settings, turned into times."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.core.settings import Settings

REST_S = 3600.0
"""What ended less than this ago stays whatever the settings say: somebody may be reading it, and
what started it may not have written down yet that it did."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is older than its time may go; ``None`` for what stays for ever."""

    runs: datetime | None
    logs: datetime | None
    events: datetime | None
    deliveries: datetime | None
    host_states: datetime | None
    host_loads: datetime | None
    secrets: datetime
    rested: datetime
    """What ended later stays, also where logs have become too many."""
    logs_max_bytes: int
    """Bytes of logs that may stay; 0 for any number."""


def find_limits(settings: Settings, now: datetime) -> Limits:
    """Return what may go at this moment."""
    rested = now - timedelta(seconds=REST_S)

    def reach(days: float) -> datetime | None:
        return min(now - timedelta(days=days), rested) if days else None

    return Limits(
        runs=reach(settings.keep_runs_days),
        logs=reach(settings.keep_logs_days),
        events=reach(settings.keep_events_days),
        deliveries=reach(settings.keep_deliveries_days),
        host_states=reach(settings.keep_host_states_days),
        host_loads=reach(settings.keep_host_loads_days),
        secrets=now - timedelta(seconds=settings.run_secrets_keep_s),
        rested=rested,
        logs_max_bytes=settings.logs_max_bytes,
    )
