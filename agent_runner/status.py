# SPDX-License-Identifier: GPL-3.0-or-later
"""What machine is this, and how busy is it?"""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from agent_runner.protocol.methods import Load

_MEMINFO = Path("/proc/meminfo")


class HostFacts:
    """Facts about the machine that the agent lives on.

    Attributes:
        uptime: see ``read_uptime``; it is the agent's, so that a restart can be seen.
    """

    def __init__(self, state_dir: Path) -> None:
        """Read what does not change; ``state_dir`` is on the disk whose room is reported."""
        kernel = os.uname()
        self._state_dir = state_dir
        self._started = time.monotonic()
        self.hostname = kernel.nodename
        self.os = _read_os_name()
        self.kernel = kernel.release
        self.architecture = kernel.machine
        self.python_version = platform.python_version()
        self.ansible_core_version = version("ansible-core")

    def read_uptime(self) -> float:
        """Return the seconds since this agent started."""
        return time.monotonic() - self._started

    def read_load(self) -> Load:
        """Measure how busy the machine is."""
        memory = read_memory(_MEMINFO.read_text())
        disk = os.statvfs(self._state_dir)
        return Load(
            load_1m=os.getloadavg()[0],
            cpu_count=os.cpu_count() or 1,
            memory_total_bytes=memory["MemTotal"],
            memory_available_bytes=memory["MemAvailable"],
            disk_total_bytes=disk.f_blocks * disk.f_frsize,
            disk_free_bytes=disk.f_bavail * disk.f_frsize,
        )


def read_memory(meminfo: str) -> dict[str, int]:
    """Return the fields of ``/proc/meminfo`` that count kilobytes, in bytes."""
    lines = (line.split() for line in meminfo.splitlines())
    return {
        words[0].rstrip(":"): int(words[1]) * 1024
        for words in lines
        if len(words) == 3 and words[2] == "kB"  # noqa: PLR2004 - name, number, unit
    }


def _read_os_name() -> str:
    """Return the distribution's own name for itself, or the kernel's where it has none."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
