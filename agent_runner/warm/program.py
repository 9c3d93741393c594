# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a fork become exactly what a new ``ansible-playbook`` would be?

It is forked by the supervisor, which has Ansible in its memory, and so stays the supervisor's
child. If anything goes wrong before Ansible's own entry is called, it becomes the stock program.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from agent_runner.executions.nursery.names import show_program
from agent_runner.executions.supervisor.child import CHILD_UMASK, Begun, start_process
from agent_runner.warm.becoming import enter_ansible, renew_state
from agent_runner.warm.loading import PROGRAM
from agent_runner.warm.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_runner.executions.supervisor.child import Streams
    from agent_runner.executions.supervisor.launch import Launch

_REPORT_BYTES = 1024
_EXEC_FAILED = 127  # as a shell says it


class Forked:
    """A child that was forked and not started as a program; has what of ``Popen`` is used."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        """Reap it and return its return code, ``-N`` for signal N."""
        if self.returncode is None:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class WarmStart:
    """Starts ``ansible-playbook`` by forking this process, which has loaded it."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __call__(self, launch: Launch, streams: Streams) -> Begun:
        """Fork where that gives the same as a new process, else start one.

        Raises:
            OSError: neither is possible.
        """
        obstacle = self._find_obstacle(launch, streams)
        if obstacle is not None:
            return start_process(launch, streams)._replace(obstacle=obstacle)
        with _opened(os.open(launch.cwd, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) as cwd_fd:
            read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
            with _opened(read_fd):
                with _opened(write_fd):
                    pid = _fork(launch, streams, cwd_fd, write_fd)
                report = os.read(read_fd, _REPORT_BYTES)
        return Begun(Forked(pid), is_warm=not report, obstacle=report.decode(errors="replace"))

    def _find_obstacle(self, launch: Launch, streams: Streams) -> str | None:
        """Return why a fork would not be the same, or None."""
        if launch.playbook is None or launch.run_as is not None:
            return "not_a_playbook"
        if launch.argv[0] != str(PROGRAM) or not os.access(PROGRAM, os.X_OK):
            return "other_program"
        if Profile.of(launch._replace(env=streams.env)) != self._profile:
            return "other_environment"
        return None


def _fork(launch: Launch, streams: Streams, cwd_fd: int, report_fd: int) -> int:
    """Fork; no signal that is meant for one of the two is taken by the other."""
    everything = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(launch, streams, cwd_fd, report_fd)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, everything)
    return pid


def _become(launch: Launch, streams: Streams, cwd_fd: int, report_fd: int) -> NoReturn:
    """Leave behind all that is the supervisor's, and be ``ansible-playbook``."""
    try:
        try:
            os.setsid()
            os.fchdir(cwd_fd)
            os.umask(CHILD_UMASK)
            _reset_signals()
            report_fd = _take_streams(streams, report_fd)
            renew_state(launch.argv, streams.env)
            show_program(PROGRAM.name[:15], [sys.executable, *launch.argv], streams.env)
            os.close(report_fd)
        except BaseException as error:  # noqa: BLE001 - a new process is always possible
            _become_stock(launch, streams, report_fd, error)
        enter_ansible()
    finally:
        os._exit(_EXEC_FAILED)


def _become_stock(launch: Launch, streams: Streams, report_fd: int, error: BaseException) -> None:
    """Replace this process by a new ``ansible-playbook``, and say why."""
    os.write(report_fd, f"unprepared: {type(error).__name__}: {error}".encode()[:_REPORT_BYTES])
    os.execve(launch.argv[0], launch.argv, streams.env)  # noqa: S606 - no shell, as with Popen


def _reset_signals() -> None:
    """Handle signals as a new interpreter does; what was ignored when it started stays so."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _take_streams(streams: Streams, report_fd: int) -> int:
    """Have no descriptor open but what a new program would find, and one for the report."""
    null_fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for number, fd in enumerate((null_fd, streams.stdout, streams.stderr)):
        os.dup2(fd, number)
    kept = sorted({*streams.passed, report_fd})
    for before, fd in zip([2, *kept], [*kept, os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(before + 1, fd)
    for fd in streams.passed:
        os.set_inheritable(fd, True)
    return report_fd


@contextlib.contextmanager
def _opened(fd: int) -> Iterator[int]:
    """Close it in the end."""
    try:
        yield fd
    finally:
        os.close(fd)
