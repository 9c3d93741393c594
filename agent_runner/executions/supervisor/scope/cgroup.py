# SPDX-License-Identifier: GPL-3.0-or-later
"""Did an execution run out of what its cgroup allows? The kernel counts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_CGROUP = Path("/proc/self/cgroup")
_ROOT = Path("/sys/fs/cgroup")
_MIB = 1024 * 1024


class Cgroup:
    """The cgroup of an execution whose supervisor is inside.

    Args:
        unit: the scope's name; a hierarchy in which we are elsewhere says nothing about us.
        memory_max_bytes: its limit.
        tasks_max: its limit.
        root: where cgroups are mounted.
        membership: what says in which ones this process is.
    """

    def __init__(
        self,
        unit: str,
        *,
        memory_max_bytes: int | None,
        tasks_max: int | None,
        root: Path = _ROOT,
        membership: Path = _OWN_CGROUP,
    ) -> None:
        self._memory_max_bytes = memory_max_bytes
        self._tasks_max = tasks_max
        self._folders = list(_list_folders(unit, root, membership))

    def describe_shortage(self) -> str | None:
        """Return which memory limit had processes of it killed, or None."""
        killed = self._count("memory.events", "oom_kill") or self._count(
            "memory.oom_control", "oom_kill"
        )
        if not killed:
            return None
        what = f"the kernel killed {killed} process{'' if killed == 1 else 'es'}"
        if self._memory_max_bytes is None:
            return f"{what} for want of memory: the host's, or that of all executions together"
        limit = f"{self._memory_max_bytes // _MIB} MiB (execution_memory_max_bytes)"
        return f"{what} for want of memory: the limit of one execution is {limit}"

    def describe_refused_tasks(self) -> str | None:
        """Return that processes were refused, or None."""
        if self._tasks_max is None or not self._count("pids.events", "max"):
            return None
        limit = f"{self._tasks_max} processes and threads (execution_tasks_max)"
        return f"more than its limit of {limit} were refused"

    def _count(self, name: str, key: str) -> int:
        """Return a counter of the kernel's, or 0 where it does not keep it."""
        for folder in self._folders:
            try:
                lines = (folder / name).read_text(encoding="ascii").splitlines()
            except OSError:
                continue
            for line in lines:
                if line.startswith(f"{key} "):
                    return int(line.split()[1])
        return 0


def _list_folders(unit: str, root: Path, membership: Path) -> Iterator[Path]:
    """Return the folders of the cgroups that are this unit's, in all hierarchies."""
    for line in membership.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if not path.endswith(f"/{unit}"):
            continue
        names = (controllers,) if controllers else ("", "unified")  # version 2, alone or beside 1
        yield from (root / name / path.lstrip("/") for name in names)
