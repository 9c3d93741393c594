# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the spool of a host that has a disk of its own? Read past the host."""

import json
from pathlib import Path
from typing import Any

from lab.disks import Disk
from lab.hosts import Host


def get_disk(host: Host) -> Disk:
    """Return the disk that a host was booted with.

    Raises:
        ValueError: it was booted without one.
    """
    if host.disk is None:
        raise ValueError(f"{host.name} has no disk of its own")
    return host.disk


def read_log(host: Host, execution_id: str) -> bytes | None:
    """Return an execution's log as it lies on its host, or None where there is none."""
    return _find_bytes(host, execution_id, "log")


def find_result(host: Host, execution_id: str) -> dict[str, Any] | None:
    """Return the terminal record of an execution, or None."""
    return _find_json(host, execution_id, "result.json")


def find_ended_at(host: Host, execution_id: str) -> float | None:
    """Return when the terminal record was written, by this machine's clock, or None."""
    try:
        return _locate(host, execution_id, "result.json").stat().st_mtime
    except FileNotFoundError:
        return None


def find_started_at(host: Host, execution_id: str) -> float | None:
    """Return when the program was started, by the host's clock, or None while it was not."""
    child = _find_json(host, execution_id, "child.json")
    return child["started_at"] if child else None


def find_program(host: Host, execution_id: str) -> int | None:
    """Return the pid, on the host, of the program of an execution that has been started."""
    child = _find_json(host, execution_id, "child.json")
    return child["pid"] if child else None


def _find_json(host: Host, execution_id: str, name: str) -> dict[str, Any] | None:
    raw = _find_bytes(host, execution_id, name)
    value: dict[str, Any] | None = json.loads(raw) if raw else None
    return value


def _find_bytes(host: Host, execution_id: str, name: str) -> bytes | None:
    try:
        return _locate(host, execution_id, name).read_bytes()
    except FileNotFoundError:
        return None


def _locate(host: Host, execution_id: str, name: str) -> Path:
    return get_disk(host).path / "executions" / execution_id / name
