# SPDX-License-Identifier: GPL-3.0-or-later
"""How are a run, its waves and a preview shown on a terminal?"""

import json
from typing import Any

from api.cli.terminal.tables import print_fields, print_json, print_table
from api.cli.terminal.times import tell_duration, tell_time

Json = dict[str, Any]

SHOWN_HOSTS = 8
"""So many hosts of a wave are named."""

_STATES = ("successful", "failed", "timed_out", "lost", "canceled", "running", "pending")


def print_run(run: Json) -> None:
    """Print a run and its waves."""
    print_fields(
        [
            ("run", str(run["id"])),
            ("what", f"{run['kind']} {run['name']}"),
            ("status", run["status"]),
            ("reason", run["reason"] or ""),
            ("paused", run["pause_reason"] or ""),
            ("waits", run["wait_reason"] or ""),
            ("retry of", str(run["retry_of"] or "")),
            ("started by", run["created_by"]),
            ("started (UTC)", tell_time(run["started_at"])),
            ("took", tell_duration(run)),
            ("limit", run["limit"] or ""),
            ("rollout", tell_rollout(run["rollout"])),
        ]
    )
    states = [state for state in _STATES if run["counts"].get(state)]
    rows = [
        (str(wave["number"]), str(wave["hosts_total"]), *_tell_counts(wave["counts"], states))
        for wave in run["waves"]
    ]
    print_table(("WAVE", "HOSTS", *(state.upper() for state in states)), rows)


def print_preview(preview: Json, *, as_json: bool) -> None:
    """Print what a run would do."""
    if as_json:
        print_json(preview)
        return
    rows = [
        (str(wave["number"]), str(len(wave["hosts"])), _tell_hosts(wave["hosts"]))
        for wave in preview["waves"]
    ]
    print_table(("WAVE", "HOSTS", ""), rows)
    if preview["objections"]:
        print_fields([(each["host"], each["reason"]) for each in preview["objections"]])


def tell_rollout(rollout: Json) -> str:
    """Tell what differs from all hosts at once, in order."""
    plain = {"order": "inventory", "offline": "fail", "maintenance": "skip", "ttl_s": 3600.0}
    told = {
        name: value
        for name, value in rollout.items()
        if value not in (None, [], 0) and plain.get(name) != value
    }
    return json.dumps(told) if told else ""


def _tell_counts(counts: Json, states: list[str]) -> list[str]:
    return [str(counts.get(state, "")) for state in states]


def _tell_hosts(hosts: list[str]) -> str:
    more = len(hosts) - SHOWN_HOSTS
    return ", ".join(hosts[:SHOWN_HOSTS]) + (f" and {more} more" if more > 0 else "")
