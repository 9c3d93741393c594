# SPDX-License-Identifier: GPL-3.0-or-later
"""Which executions are under way, and who notices that one has ended?

A pidfd of each supervisor is watched by the event loop, whether this agent has started it or
the one before. A supervisor that is gone without a record has its execution closed at once.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from agent_runner.audit import record_end
from agent_runner.executions.changes import RECHECK_S, Changes
from agent_runner.executions.closing import close_lost
from agent_runner.executions.folder import Folder, find_json
from agent_runner.executions.spawn import Started
from agent_runner.executions.spool import find_result, open_supervisor, take_dead_lock
from agent_runner.executions.states import advance
from agent_runner.executions.unkept.spools import Spools
from agent_runner.protocol.methods import Kind, RunningExecution, State

MAX_COMPLAINT_CHARS = 500
"""How much of a supervisor's last words is repeated."""

_logger = logging.getLogger(__name__)


@dataclass
class Entry:
    """What is remembered of an execution that is under way or not acknowledged."""

    folder: Folder
    kind: Kind
    state: State = "pending"
    is_acknowledged: bool = False

    def pass_to(self, state: State) -> None:
        """Enter a state; leaving an end raises ``TransitionError``."""
        self.state = advance(self.state, state)


class Registry:
    """The executions under way, and those that have ended and are not acknowledged."""

    def __init__(
        self, spools: Spools, changes: Changes, note_end: Callable[[Folder, Kind], None]
    ) -> None:
        self._spools = spools
        self._changes = changes
        self._note_end = note_end
        self._live: dict[str, Entry] = {}
        self._ended: dict[str, Entry] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}

    def list_live_ids(self, kind: Kind | None = None) -> list[str]:
        """Return the executions, of one kind or all, that have no end yet, the oldest first."""
        return [
            command_id
            for command_id, entry in self._live.items()
            if kind in (None, entry.kind) and not entry.folder.result.exists()
        ]

    def is_live(self, command_id: str) -> bool:
        """Tell whether an execution is still followed to its end; any thread may ask."""
        return command_id in self._live

    async def open(self) -> None:
        """Re-attach to what runs, and close what died without a record."""
        for folder in sorted(self._spools.list_folders(), key=lambda found: found.command_id):
            if folder.acknowledged.exists():
                continue
            entry = self._register(folder, _read_kind(folder))
            if not await self._settle(entry):
                self.watch(entry)

    async def close(self) -> None:
        """Forget everything; supervisors go on."""
        for watcher in self._watchers.values():
            watcher.cancel()
        await asyncio.gather(*self._watchers.values(), return_exceptions=True)
        self._watchers.clear()

    def begin(self, folder: Folder, kind: Kind) -> Entry:
        """Remember a new execution that is being prepared."""
        return self._register(folder, kind)

    def forget(self, command_id: str) -> None:
        """Drop an execution that was not started after all."""
        self._live.pop(command_id, None)

    def watch(self, entry: Entry, supervisor: Started | None = None) -> None:
        """Follow a supervised execution to its end; with its supervisor where we have it."""
        entry.pass_to("running")
        task = asyncio.create_task(self._follow(entry, supervisor))
        task.add_done_callback(_report_failure)
        self._watchers[entry.folder.command_id] = task

    def acknowledge(self, command_id: str) -> None:
        """Forget an execution that has ended and that the control plane has stored."""
        self._ended.pop(command_id, None)
        if command_id in self._live:  # its record is there, and its supervisor is about to leave
            self._live[command_id].is_acknowledged = True

    def list_all(self) -> list[RunningExecution]:
        """Return what is under way, then what has ended and is not acknowledged.

        What is not kept concerns nobody but who has started it.
        """
        entries = (*self._live.values(), *self._ended.values())
        return [
            _describe(entry)
            for entry in entries
            if not entry.is_acknowledged and self._spools.is_kept(entry.folder)
        ]

    def _register(self, folder: Folder, kind: Kind) -> Entry:
        entry = Entry(folder, kind)
        self._live[folder.command_id] = entry
        return entry

    async def _follow(self, entry: Entry, supervisor: Started | None) -> None:
        """Wait until the supervisor is gone, then settle."""
        await _wait_for_supervisor(entry.folder, supervisor)
        while not await self._settle(entry):
            await _wait_for_supervisor(entry.folder, None)
        del self._watchers[entry.folder.command_id]

    async def _settle(self, entry: Entry) -> bool:
        """Take over an execution that nobody watches; return whether it has its end."""
        folder = entry.folder
        lock_fd = take_dead_lock(folder)
        if lock_fd is None:
            return False
        try:
            await asyncio.to_thread(_settle_files, folder)
        except OSError as error:
            _logger.warning("not_closed", extra={"id": folder.command_id, "error": str(error)})
            return False
        finally:
            os.close(lock_fd)
        self._finish(entry)
        return True

    def _finish(self, entry: Entry) -> None:
        result = find_result(entry.folder)
        if result is not None:
            entry.pass_to(result.state)
        command_id = entry.folder.command_id
        del self._live[command_id]
        if not entry.is_acknowledged:
            self._ended[command_id] = entry
        self._note_end(entry.folder, entry.kind)
        self._changes.announce(command_id)


async def _wait_for_supervisor(folder: Folder, supervisor: Started | None) -> None:
    """Return when the supervisor has ended, and reap it where it is our child."""
    pidfd = supervisor.pidfd if supervisor else open_supervisor(folder)
    if pidfd is None:  # gone, or only coming up: the lock will tell
        await asyncio.sleep(RECHECK_S)
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)
    if supervisor is not None and supervisor.child_pid is not None:
        _reap(supervisor.child_pid)


def _repeat_complaint(folder: Folder) -> None:
    """Say in the agent's log what the supervisor could say only in its folder."""
    if folder.supervisor_errors.exists():
        said = folder.supervisor_errors.read_text(encoding="utf-8", errors="replace")
        lines = said.strip().splitlines() or [""]
        extra = {"id": folder.command_id, "error": lines[-1][:MAX_COMPLAINT_CHARS]}
        _logger.warning("supervisor_complained", extra=extra)


def _reap(pid: int) -> None:
    """Collect a child that has ended, so that it is no zombie."""
    os.waitpid(pid, os.WNOHANG)


def _settle_files(folder: Folder) -> None:
    """See that an execution that nobody watches has its end on disk, and in the audit log.

    Raises:
        OSError: the terminal record cannot be written.
    """
    close_lost(folder)
    _repeat_complaint(folder)
    if folder.audited.exists():
        return
    try:
        record_end(folder, find_json(folder.result) or {}, may_be_there=True)
    except OSError as error:
        _logger.warning("not_audited", extra={"id": folder.command_id, "error": str(error)})


def _report_failure(task: asyncio.Task[None]) -> None:
    """Say it when an execution is followed no more because of a fault of ours."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("watcher_failed", exc_info=error)


def _read_kind(folder: Folder) -> Kind:
    request = find_json(folder.request)
    return request["kind"] if request else "command"


def _describe(entry: Entry) -> RunningExecution:
    result = find_result(entry.folder)
    child = find_json(entry.folder.child) if result is None else None
    started_at = result.started_at if result else None
    return RunningExecution(
        command_id=entry.folder.command_id,
        kind=entry.kind,
        state=result.state if result else entry.state,
        started_at=child["started_at"] if child else started_at,
        finished_at=result.finished_at if result else None,
    )
