# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of an event that a host sends, which may be anything?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

STATS_EVENT = "playbook_on_stats"
"""The event in which Ansible counts at the end of a playbook."""

_STATS_KEYS = {
    "ok": "ok",
    "changed": "changed",
    "unreachable": "dark",
    "failed": "failures",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}
"""Ansible's names for what a recap counts, by ours."""


def sum_stats(data: Mapping[str, Any]) -> dict[str, int]:
    """Add up the counts of a ``playbook_on_stats`` event over the host's names for itself."""
    return {
        ours: sum(count for count in _get_dict(data, theirs).values() if isinstance(count, int))
        for ours, theirs in _STATS_KEYS.items()
    }


def read_recap(event: Mapping[str, Any]) -> dict[str, int]:
    """Return what ansible-playbook counted, of the event that says so."""
    return sum_stats(_get_dict(event, "event_data"))


def build_row(execution_id: str, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Build the columns of an event; ``now`` is its time where it has none of its own."""
    data = _get_dict(event, "event_data")
    return {
        "execution_id": execution_id,
        "counter": event["counter"],
        "event": str(event.get("event", "")),
        "task": _find_text(data, "task"),
        "play": _find_text(data, "play"),
        "host": _find_text(data, "host"),
        "created_at": _parse_time(event.get("created")) or now,
        "data": event,
    }


def _get_dict(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the mapping under a key; what a host sends may be anything."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _find_text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None


def _parse_time(text: object) -> datetime | None:
    """Read the time of an event; ansible-runner writes UTC, with or without saying so."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
