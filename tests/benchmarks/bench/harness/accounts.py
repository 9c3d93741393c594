# SPDX-License-Identifier: GPL-3.0-or-later
"""How much processor time did these processes use, with all that they started? The kernel's count.

Each account is a control group of its own, so that nothing is missed that outlives its parent
(an SSH connection that is kept open, a daemon). Test hosts are containers and have theirs already.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_V1 = Path("/sys/fs/cgroup/cpuacct")
_V2 = Path("/sys/fs/cgroup")
_ROOT = _V1 if _V1.is_dir() else _V2
_OURS = _ROOT / f"myx-bench-{os.getpid()}"

REMOVE_ATTEMPTS = 100
"""A group can be removed once the kernel has taken leave of its last process."""


class Account:
    """The processor time of one control group."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def used_s(self) -> float:
        """Seconds of processor time that its processes have used so far."""
        if _ROOT == _V1:
            return int((self._folder / "cpuacct.usage").read_text()) / 1e9
        lines = (self._folder / "cpu.stat").read_text().splitlines()
        return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6

    def adopt(self, pid: int = 0) -> None:
        """Count a process from now on, and what it starts; 0 is the caller."""
        (self._folder / "cgroup.procs").write_text(str(pid))

    def list_pids(self) -> list[int]:
        """Return the processes that are in it now."""
        return [int(line) for line in (self._folder / "cgroup.procs").read_text().split()]


def open_account(name: str) -> Account:
    """Make an account for processes of this machine."""
    folder = _OURS / name
    folder.mkdir(parents=True, exist_ok=True)
    return Account(folder)


def find_account(pid: int) -> Account:
    """Return the account of a container, by its first process."""
    wanted = "cpuacct" if _ROOT == _V1 else ""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if wanted in controllers.split(","):
            return Account(_ROOT / path.removeprefix("/").removesuffix("/init.scope"))
    raise LookupError(f"process {pid} is in no control group that counts processor time")


@contextlib.contextmanager
def accounting() -> Iterator[None]:
    """Give the accounts of this process back at the end of the block."""
    try:
        yield
    finally:
        for folder in (*_OURS.glob("*/"), _OURS):
            if folder.is_dir():
                _remove(folder)


def _remove(folder: Path) -> None:
    for pid in Account(folder).list_pids():
        with contextlib.suppress(ProcessLookupError):
            (_ROOT / "cgroup.procs").write_text(str(pid))
    for _ in range(REMOVE_ATTEMPTS):
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.05)
