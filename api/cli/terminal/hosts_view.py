# SPDX-License-Identifier: GPL-3.0-or-later
"""How are hosts shown on a terminal?"""

import json
import sys
from typing import Any

from api.cli.terminal.tables import print_fields, print_table
from api.cli.terminal.times import tell_seconds, tell_time

Json = dict[str, Any]

_GIB = 1024**3


def print_hosts(hosts: list[Json]) -> None:
    """Print hosts as a table."""
    head = ("NAME", "ADDRESS", "GROUPS", "AGENT", "VERSION", "LAST SEEN (UTC)")
    rows = [
        (
            host["name"],
            host["address"],
            ",".join(host["groups"]),
            host["agent"]["status"],
            host["agent"]["version"] or "",
            tell_time(host["agent"]["last_seen_at"]),
        )
        for host in hosts
    ]
    print_table(head, rows, status=head.index("AGENT"))


def print_host(host: Json, status: Json | None, trouble: str | None) -> None:
    """Print one host and what its agent answered, or why it did not."""
    agent = host["agent"]
    print_fields(
        [
            ("name", host["name"]),
            ("address", host["address"]),
            ("ssh", f"{host['ssh_user']}, port {host['ssh_port']}"),
            ("ssh credentials", "stored, sealed" if host["has_ssh_credentials"] else "none"),
            ("groups", ", ".join(host["groups"])),
            ("labels", ", ".join(f"{key}={text}" for key, text in host["labels"].items())),
            ("variables", _tell_variables(host["variables"])),
            ("secret variables", ", ".join(host["secret_variables"])),
            *((name, host[name]) for name in ("description", "location", "provider", "idc")),
            ("maintenance", _tell_maintenance(host)),
            ("agent", " ".join(filter(None, (agent["status"], agent["version"])))),
            ("agent port", str(agent["rpc_port"] or "")),
            ("certificate", agent["cert_fingerprint"] or ""),
            ("last seen", tell_time(agent["last_seen_at"])),
            *(_tell_status(status) if status else [("no answer", trouble or "")]),
        ]
    )


def print_history(states: list[Json]) -> None:
    """Print the states that a host went into, the newest first."""
    if states:
        sys.stdout.write("\n")
        head = ("SINCE (UTC)", "STATE", "WHY")
        rows = [(tell_time(each["at"]), each["state"], each["reason"]) for each in states]
        print_table(head, rows, status=head.index("STATE"))


def _tell_variables(variables: Json) -> str:
    return json.dumps(variables, ensure_ascii=False) if variables else ""


def _tell_status(status: Json) -> list[tuple[str, str]]:
    load = status["load"]
    memory = load["memory_available_bytes"], load["memory_total_bytes"]
    disk = load["disk_free_bytes"], load["disk_total_bytes"]
    running = [f"{each['kind']} {each['command_id']}" for each in status["running"]]
    return [
        ("hostname", status["hostname"]),
        ("system", f"{status['os']}, {status['kernel']}, {status['architecture']}"),
        ("ansible-core", f"{status['ansible_core_version']}, Python {status['python_version']}"),
        ("agent up", tell_seconds(status["uptime_s"])),
        ("load", f"{load['load_1m']:.2f} on {load['cpu_count']} CPUs"),
        ("memory free", _tell_share(*memory)),
        ("disk free", _tell_share(*disk)),
        ("held", ", ".join(running) or "no executions"),
    ]


def _tell_maintenance(host: Json) -> str:
    if host.get("maintenance_since") is None:
        return ""
    return f"since {tell_time(host['maintenance_since'])}: {host.get('maintenance_reason') or ''}"


def _tell_share(free: int, total: int) -> str:
    return f"{free / _GIB:.1f} of {total / _GIB:.1f} GiB"
