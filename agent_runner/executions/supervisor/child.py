# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the program started, and how are it and what it leaves behind reaped?

It is a new process (``start_process``), or where the supervisor has Ansible in its memory, a fork
(see ``agent_runner.warm.program``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from agent_runner.executions.supervisor.launch import SCRIPT_FD

if TYPE_CHECKING:
    from agent_runner.executions.supervisor.launch import Launch

EVENTS_FD_VARIABLE = "MYX_EVENTS_FD"
"""Tells the callback plugin where to write events."""

PIPE_BYTES = 1024 * 1024
"""Room in each pipe, so that a burst of output does not wait for the supervisor."""

CHILD_UMASK = 0o022
"""What programs on a server expect; the supervisor's own is 077."""


SUPERVISOR_OOM_SCORE = "-500"
"""Half of what would protect the supervisor from the kernel in any case."""

_OOM_SCORE = Path("/proc/self/oom_score_adj")


class Process(Protocol):
    """A child of the supervisor."""

    pid: int
    returncode: int | None

    def wait(self) -> int:
        """Reap it and return its return code, ``-N`` for signal N."""


class Streams(NamedTuple):
    """What a program gets that is not told by its launch: its ends of the pipes."""

    stdout: int
    stderr: int
    passed: list[int]
    env: dict[str, str]
    stdin: int


class Begun(NamedTuple):
    """A process that was started or forked; ``obstacle`` is why it could not be forked."""

    process: Process
    is_warm: bool = False
    obstacle: str = ""


Start = Callable[["Launch", Streams], Begun]
"""Makes the process; raises ``OSError`` where it cannot."""


class Program(NamedTuple):
    """A started program and our ends of its pipes."""

    begun: Begun
    stdout_fd: int
    stderr_fd: int
    events_fd: int | None

    @property
    def process(self) -> Process:
        """The program's process."""
        return self.begun.process


def start_process(launch: Launch, streams: Streams) -> Begun:
    """Start the program as a new process, in a session of its own.

    Raises:
        OSError: it cannot be started.
    """
    run_as = launch.run_as
    process = subprocess.Popen(
        launch.argv,
        stdin=streams.stdin,
        stdout=streams.stdout,
        stderr=streams.stderr,
        pass_fds=streams.passed,
        env=streams.env,
        cwd=launch.cwd,
        umask=CHILD_UMASK,
        start_new_session=True,
        user=run_as.user if run_as else None,
        group=run_as.group if run_as else None,
        extra_groups=run_as.groups if run_as else None,
    )
    return Begun(process)


def spawn_program(launch: Launch, start: Start) -> Program:
    """Start the program with nothing of ours but the pipes.

    Raises:
        OSError: it cannot be started.
    """
    stdout_fd, stdout_write = _make_pipe()
    stderr_fd, stderr_write = _make_pipe()
    events_fd, events_write = _make_pipe() if launch.emits_events else (None, None)
    env = dict(launch.env)
    if events_write is not None:
        env[EVENTS_FD_VARIABLE] = str(events_write)
    passed = [fd for fd in (events_write, _open_script(launch)) if fd is not None]
    stdin = _open_stdin(launch)
    try:
        begun = start(launch, Streams(stdout_write, stderr_write, passed, env, stdin))
    finally:
        for fd in (stdout_write, stderr_write, stdin, *passed):
            os.close(fd)
    _survive_the_program()
    return Program(begun, stdout_fd, stderr_fd, events_fd)


def _open_script(launch: Launch) -> int | None:
    if launch.opened_script is None:
        return None
    fd = os.open(launch.opened_script, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return os.dup2(fd, SCRIPT_FD, inheritable=False)
    finally:
        os.close(fd)


def _open_stdin(launch: Launch) -> int:
    """Open what the program reads; a file is gone from the spool as soon as it is open."""
    if launch.stdin is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    fd = os.open(launch.stdin, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    Path(launch.stdin).unlink()
    return fd


def _survive_the_program() -> None:
    """Let the kernel, when memory runs out, rather kill the program than who tells of it."""
    with contextlib.suppress(PermissionError):  # only root may ask for less than others
        _OOM_SCORE.write_text(SUPERVISOR_OOM_SCORE, encoding="ascii")


def reap(program: Program) -> bool:
    """Collect all children that have ended; return whether any child is left.

    The supervisor is the subreaper: without a child it has no descendant either.
    """
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        if ended is None:
            return True
        if ended.si_pid == program.process.pid:
            program.process.wait()
        else:
            os.waitpid(ended.si_pid, 0)


def _make_pipe() -> tuple[int, int]:
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(read_fd, False)
    with contextlib.suppress(PermissionError):  # the account's share of pipe memory is used up
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return read_fd, write_fd
