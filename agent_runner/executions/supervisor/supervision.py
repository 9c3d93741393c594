# SPDX-License-Identifier: GPL-3.0-or-later
"""How does one program run from its start to its verdict? The supervisor's only loop.

It sleeps until there is output, an event, a signal (a child has ended, somebody asks for the
end) or a deadline; it never polls.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import struct
import termios
import time
from typing import TYPE_CHECKING

from agent_runner.executions.folder import find_json, write_json
from agent_runner.executions.processes import identify
from agent_runner.executions.supervisor.causes import PlaybookObserver, describe_exit
from agent_runner.executions.supervisor.child import Program, reap, spawn_program
from agent_runner.executions.supervisor.ending import TreeEnding, Verdict
from agent_runner.executions.supervisor.events import EventSink
from agent_runner.executions.supervisor.masking import Secrets
from agent_runner.executions.supervisor.output import LogSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent_runner.executions.folder import Folder
    from agent_runner.executions.supervisor.child import Start
    from agent_runner.executions.supervisor.launch import Launch
    from agent_runner.executions.supervisor.notifier import Notifier
    from agent_runner.protocol.methods import LogType

READ_BYTES = 256 * 1024
"""How much is taken from a pipe at once."""

LINGER_S = 1.0
"""How long output is awaited from those who still hold the pipes when the program has ended,
like ``tee`` behind a shell; daemons hold them for ever."""


class Supervision:
    """One program under supervision.

    Args:
        folder: the execution's spool.
        launch: what runs.
        start: makes its process.
        wakeup_fd: where the numbers of signals arrive.
        notifier: tells the agent about new bytes.
    """

    def __init__(
        self, folder: Folder, launch: Launch, start: Start, wakeup_fd: int, notifier: Notifier
    ) -> None:
        self._folder = folder
        self._launch = launch
        self._start = start
        self._wakeup_fd = wakeup_fd
        self._notifier = notifier
        self._selector = selectors.DefaultSelector()
        self.observer = PlaybookObserver()
        secrets = Secrets(launch.secrets)
        self._log = LogSink(folder, launch, secrets)
        self._events = (
            EventSink(folder, launch, secrets, self.observer.observe_event)
            if launch.emits_events
            else None
        )
        self._program: Program | None = None
        self._sinks: dict[int, Callable[[bytes], None]] = {}
        self._children_left = True
        self._timeout_at: float | None = None
        self._linger_until: float | None = None
        self.ending: TreeEnding | None = None
        self.storage_failure: Verdict | None = None
        self.started_at: float | None = None

    @property
    def return_code(self) -> int | None:
        """The program's return code, ``-N`` for signal N."""
        return self._program.process.returncode if self._program else None

    def count_output(self) -> dict[str, int]:
        """Return how much was kept and dropped: fields of ``ExecutionResult``."""
        return {
            "log_bytes": self._log.size,
            "dropped_bytes": self._log.dropped_bytes,
            "dropped_events": self._events.dropped_events if self._events else 0,
        }

    def describe_start(self) -> dict[str, bool | str]:
        """Return how a playbook was started: a field of ``ExecutionResult``, and why not warm."""
        if self._launch.playbook is None or self._program is None:
            return {}
        begun = self._program.begun
        return {"warm": begun.is_warm, "warm_obstacle": begun.obstacle}

    def run(self) -> None:
        """Start the program and return when it has ended and its output is on disk.

        Raises:
            OSError: it cannot be started.
        """
        self._program = spawn_program(self._launch, self._start)
        self._note_start(self._program)
        self._watch(self._program)
        while not self._is_finished():
            for key, _ in self._selector.select(self._sleep_s()):
                key.data()
            self._children_left = reap(self._program)
            self._keep_time()
        self._drain()

    def _note_start(self, program: Program) -> None:
        self.started_at = time.time()
        if self._launch.timeout_s is not None:
            self._timeout_at = time.monotonic() + self._launch.timeout_s
        process = identify(program.process.pid)
        ticks = process.started_ticks if process else None
        note = {
            "pid": program.process.pid,
            "started_ticks": ticks,
            "started_at": self.started_at,
        }
        self._attempt(lambda: write_json(self._folder.child, note))
        self._notifier.mark()

    def _watch(self, program: Program) -> None:
        self._sinks = {
            program.stdout_fd: lambda data: self._feed_log("stdout", data),
            program.stderr_fd: lambda data: self._feed_log("stderr", data),
        }
        if program.events_fd is not None and self._events is not None:
            self._sinks[program.events_fd] = self._events.feed
        for fd in self._sinks:
            self._selector.register(fd, selectors.EVENT_READ, lambda fd=fd: self._read(fd))
        self._selector.register(self._wakeup_fd, selectors.EVENT_READ, self._take_signals)

    def _feed_log(self, log_type: LogType, data: bytes) -> None:
        shown = self._log.feed(log_type, data)
        if self._launch.emits_events and log_type == "stderr":
            self.observer.observe_stderr(shown)

    def _read(self, fd: int, limit: int = READ_BYTES) -> None:
        try:
            data = os.read(fd, limit)
        except BlockingIOError:
            return
        if data:
            self._attempt(lambda: self._sinks[fd](data))
            self._notifier.mark()
        else:
            self._selector.unregister(fd)
            os.close(fd)
            del self._sinks[fd]

    def _attempt(self, store: Callable[[], object]) -> None:
        """Write to the spool; a disk that refuses ends the execution, not the supervisor."""
        try:
            store()
        except OSError as error:
            reason = f"cannot write to the spool in {self._folder.path.parent}: {error.strerror}"
            self.storage_failure = Verdict("failed", "disk_full", reason)
            self._end(self.storage_failure)

    def _take_signals(self) -> None:
        numbers = os.read(self._wakeup_fd, READ_BYTES)
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            record = find_json(self._folder.cancel)
            if record is not None:
                self._end(Verdict("canceled", "canceled", record["reason"]))
            else:
                reason = "the host or its administrator ended the supervisor while it ran"
                self._end(Verdict("lost", "interrupted", reason))

    def _end(self, verdict: Verdict) -> None:
        """Begin to end the tree, unless that is under way or the program has ended by itself."""
        if self.ending is None and self.return_code is None:
            self._end_tree(verdict)

    def _end_tree(self, verdict: Verdict) -> None:
        grace_s = self._launch.cancel_grace_s
        self.ending = TreeEnding(verdict, grace_s=grace_s, now=time.monotonic())

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self.ending is not None:
            self.ending.step(now)
        elif self.return_code is not None:
            if self.return_code < 0 and self._children_left:
                # It did not end by itself: what it leaves is no daemon but work cut off.
                self._end_tree(Verdict("failed", "nonzero_exit", describe_exit(self.return_code)))
            self._linger_until = self._linger_until or now + LINGER_S
        elif self._timeout_at is not None and now >= self._timeout_at:
            reason = f"still running after its time limit of {self._launch.timeout_s:g} s"
            self._end(Verdict("timed_out", "timed_out", reason))

    def _sleep_s(self) -> float | None:
        """Return how long there is nothing to do, or None for as long as nothing happens."""
        now = time.monotonic()
        due: float | None
        if self.ending is not None:
            due = self.ending.due
        elif self.return_code is not None:
            due = self._linger_until
        else:
            due = self._timeout_at
        notify_at = self._notifier.flush(now)
        return min((max(0.0, at - now) for at in (due, notify_at) if at is not None), default=None)

    def _is_finished(self) -> bool:
        now = time.monotonic()
        if self.ending is not None:
            return not self._children_left or self.ending.is_hopeless(now)
        return self.return_code is not None and (
            not self._sinks or (self._linger_until is not None and now >= self._linger_until)
        )

    def _drain(self) -> None:
        """Take what is in the pipes now, and no more: somebody may write for ever."""
        for fd in list(self._sinks):
            waiting = _count_waiting(fd)
            while waiting > 0 and fd in self._sinks:
                self._read(fd, min(waiting, READ_BYTES))
                waiting -= READ_BYTES
        self._attempt(self._log.finish)
        if self._events is not None:
            self._attempt(self._events.finish)


def _count_waiting(fd: int) -> int:
    (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))
    return int(count)
