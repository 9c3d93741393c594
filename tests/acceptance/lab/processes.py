# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the hosts, as their machine's kernel sees it?

Hosts are containers, so every process of theirs is also one of this machine: to look, or to
kill at an exact moment, nothing needs to be started on the host.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.hosts import Host
from lab.podman import ask_podman


def list_marked(execution_id: str) -> list[int]:
    """Return the processes that carry an execution's marker in their environment."""
    entry = f"/executions/{execution_id}\0".encode()
    return [pid for pid in _list_pids() if entry in _read(pid, "environ") and not _is_zombie(pid)]


def list_named(word: str, *, whole: bool = False) -> list[int]:
    """Return the processes whose command line has a word in it, or is the word.

    The arguments of a command line end with NUL characters.
    """
    entry = word.encode()
    lines = ((pid, _read(pid, "cmdline")) for pid in _list_pids())
    return [pid for pid, line in lines if (line == entry if whole else entry in line)]


def find_supervisor(execution_id: str) -> int | None:
    """Return the supervisor of an execution on any host, or None."""
    return _find(lambda line: _parse_supervised(line) == execution_id)


def find_agent(host: Host) -> int | None:
    """Return the agent's process, or None while there is none."""
    space = _get_host_space(host)
    return _find(lambda line: line.endswith(b"/myx-agent\0serve\0"), space)


def list_in(host: Host, variable: str) -> list[int]:
    """Return the processes on a host that have a variable in their environment."""
    space = _get_host_space(host)
    entry = f"{variable}=".encode()
    return [
        pid
        for pid in _list_pids()
        if entry in _read(pid, "environ") and _get_pid_space(pid) == space
    ]


def list_on(host: Host) -> list[int]:
    """Return all processes of a host."""
    space = _get_host_space(host)
    return [pid for pid in _list_pids() if _get_pid_space(pid) == space]


def list_in_unit(host: Host, unit: str) -> list[int]:
    """Return the processes of a systemd service on a host."""
    space = _get_host_space(host)
    entry = f"/{unit}.service".encode()
    return [
        pid
        for pid in _list_pids()
        if entry in _read(pid, "cgroup") and _get_pid_space(pid) == space
    ]


def find_nursery(host: Host) -> int | None:
    """Return the process that forks a host's supervisors, or None while there is none."""
    return _find(lambda line: line.startswith(b"myx-nursery"), _get_host_space(host))


def list_supervisors(host: Host) -> list[int]:
    """Return all supervisors on a host."""
    space = _get_host_space(host)
    return [
        pid
        for pid in _list_pids()
        if _parse_supervised(_read(pid, "cmdline")) and _get_pid_space(pid) == space
    ]


def _parse_supervised(command_line: bytes) -> str | None:
    """Return whose supervisor a process is: one forked from the nursery, or one by itself."""
    words = command_line.replace(b"\0", b" ").decode(errors="replace").split()
    if words[:1] == ["myx-supervisor"] or "agent_runner.executions.supervisor" in words:
        return Path(words[-1]).name
    return None


def _find(matches: Callable[[bytes], bool], space: str | None = None) -> int | None:
    for pid in _list_pids():
        if matches(_read(pid, "cmdline")) and space in (None, _get_pid_space(pid)):
            return pid
    return None


def _list_pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208 - names only


def _get_host_space(host: Host) -> str | None:
    init = ask_podman("inspect", host.container, "--format", "{{.State.Pid}}")
    return _get_pid_space(int(init))


def _get_pid_space(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None


def _is_zombie(pid: int) -> bool:
    return _read(pid, "stat").rpartition(b") ")[2][:1] in (b"Z", b"X", b"")


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
