# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes belong to an execution, and how is a signal sent to exactly these?

A process is a pid together with its start time: pids are used again, so a signal goes through
a pidfd after the start time has been compared.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MARKER = "MYX_EXECUTION_FOLDER"
"""The variable that marks the processes of an execution, for when its supervisor is gone: its
spool folder, which no execution of another agent on this host can share."""

_PROC = Path("/proc")
_STATE, _PPID, _START = 0, 1, 19  # fields of /proc/PID/stat behind the command's name


class Process(NamedTuple):
    """One process, whatever becomes of its pid later."""

    pid: int
    started_ticks: int


class _Stat(NamedTuple):
    process: Process
    parent_pid: int
    is_zombie: bool


def identify(pid: int) -> Process | None:
    """Return the process that has this pid now, or None."""
    stat = _read_stat(pid)
    return stat.process if stat else None


def list_descendants(root: Process) -> list[Process]:
    """Return all that descend from ``root`` and still run, without ``root`` itself."""
    by_parent: dict[int, list[_Stat]] = {}
    for stat in _list_stats():
        by_parent.setdefault(stat.parent_pid, []).append(stat)
    found: list[Process] = []
    parents = [root.pid]
    while parents:
        for stat in by_parent.get(parents.pop(), ()):
            parents.append(stat.process.pid)
            if not stat.is_zombie:
                found.append(stat.process)
    return found


def list_marked(folder: Path) -> list[Process]:
    """Return the running processes that carry this execution's marker in their environment."""
    entry = f"{MARKER}={folder}".encode()
    return [
        stat.process
        for stat in _list_stats()
        if not stat.is_zombie and entry in _read(stat.process.pid, "environ").split(b"\0")
    ]


def list_in_unit(unit: str) -> list[Process]:
    """Return the running processes in the cgroup of a unit of systemd's."""
    entry = f"/{unit}\n".encode()
    return [
        stat.process
        for stat in _list_stats()
        if not stat.is_zombie and entry in _read(stat.process.pid, "cgroup")
    ]


def open_pidfd(process: Process) -> int | None:
    """Return a pidfd of exactly this process, or None where it is gone."""
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if identify(process.pid) == process:
        return fd
    os.close(fd)
    return None


def send_signal(process: Process, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; return whether it was still there."""
    fd = open_pidfd(process)
    if fd is None:
        return False
    try:
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
    return True


def terminate(processes: Iterable[Process]) -> None:
    """Ask processes to end, stopped ones included."""
    for process in processes:
        if send_signal(process, signal.SIGTERM):
            send_signal(process, signal.SIGCONT)


def kill(processes: Iterable[Process]) -> None:
    """End processes without asking."""
    for process in processes:
        send_signal(process, signal.SIGKILL)


def _list_stats() -> list[_Stat]:
    pids = (int(name) for name in os.listdir(_PROC) if name.isdecimal())  # noqa: PTH208 - names only
    return [stat for stat in map(_read_stat, pids) if stat]


def _read_stat(pid: int) -> _Stat | None:
    try:
        raw = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = raw.rpartition(b") ")[2].split()  # the name in front may hold spaces and brackets
    state = fields[_STATE]
    return _Stat(Process(pid, int(fields[_START])), int(fields[_PPID]), state in (b"Z", b"X"))


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""  # it has ended, or belongs to somebody else
