# SPDX-License-Identifier: GPL-3.0-or-later
"""How is everything stopped that the demo started, also what its children left running?

Executions outlive their agent on purpose. Here they become children of this process when the
agent ends, and are ended with it; the next start of the agent reports them as interrupted.
"""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36

GRACE_S = 8.0
"""Above the agent's own grace between asking a process tree to end and ending it."""


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def end_leftovers(grace_s: float = GRACE_S) -> int:
    """End all children, then theirs, and return how many there still were.

    Only after everything that ``subprocess`` knows has been waited for: it reaps every child.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        _reap(time.monotonic())  # these have ended by themselves
        ended = 0
        how = signal.SIGTERM
        while children := _list_children():
            for pid in children:
                _send(pid, how)
            ended += _reap(time.monotonic() + grace_s)
            how = signal.SIGKILL
        return ended
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reap(deadline: float) -> int:
    """Wait for children until there are none or the time is over; count those that ended."""
    reaped = 0
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return reaped
        if pid:
            reaped += 1
        elif signal.sigtimedwait({signal.SIGCHLD}, max(0.0, deadline - time.monotonic())) is None:
            return reaped


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile, which was wanted
        os.kill(pid, number)


def _list_children() -> list[int]:
    own = os.getpid()
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [pid for pid in pids if _read_parent(pid) == own]


def _read_parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
