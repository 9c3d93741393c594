# SPDX-License-Identifier: GPL-3.0-or-later
"""How is what happens to an execution written down, and everybody told? In that order."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog

from agent_runner.protocol.methods import LogType
from api.core.clock import Clock
from api.core.errors import UnavailableError
from api.executions.changes import Changes
from api.executions.schemas import Execution
from api.executions.service import End, Hold, Task
from api.logs.errors import LogStorageError
from api.logs.store import LogStore
from api.workflows.group_commit import GroupCommit
from api.workflows.work import Work

T = TypeVar("T")

PAUSE_S = 5.0
"""How long to wait before something that could not be written is tried again."""

_log = structlog.get_logger(__name__)


class Recorder:
    """Writes for the drivers of executions; one for the whole process."""

    def __init__(
        self, group_commit: GroupCommit, logs: LogStore, changes: Changes, clock: Clock
    ) -> None:
        self._group_commit = group_commit
        self._logs = logs
        self._changes = changes
        self._clock = clock

    async def start(self, task: Task) -> bool:
        """Turn the execution into a running one; return whether it was pending."""
        started = await self._write(lambda work: work.executions.start_execution(task.id))
        if started is not None:
            self._changes.publish_execution(started)
        return started is not None

    async def get_log_size(self, task: Task) -> int:
        """Return how much of the log is stored."""
        return await self._logs.size(task.id)

    async def append_log(self, task: Task, offset: int, log_type: LogType, data: bytes) -> int:
        """Store log bytes and return the log's size; a full disk is waited for."""
        size = await self._insist(
            lambda: self._logs.append(task.id, offset, log_type, data), LogStorageError
        )
        self._changes.publish_log(task.run_id, task.id)
        return size

    async def store_events(self, task: Task, events: Sequence[dict[str, Any]]) -> None:
        """Store events."""
        await self._write(lambda work: work.executions.store_events(task.id, events))
        self._changes.publish_events(task.id)

    async def finish(self, task: Task, end: End, *, has_events: bool) -> None:
        """Bring the log to the disk for good, then end the execution."""
        finished = await self._insist(lambda: self._finish(task, end, has_events=has_events))
        if finished is not None:
            self._changes.publish_execution(finished)

    async def hold(self, task: Task, hold: Hold) -> Execution | None:
        """Let the execution wait for its host; None where somebody has ended it."""
        held = await self._insist(
            lambda: self._group_commit.run(
                lambda work: work.executions.hold_execution(task.id, hold)
            )
        )
        if held is not None:
            self._changes.publish_execution(held)
        return held

    async def correct(self, task: Task, end: End, *, has_events: bool) -> None:
        """Replace an end that was only assumed by the real one, and the run's end accordingly."""
        await self._logs.seal(task.id)
        size = await self._logs.size(task.id)

        async def write(work: Work) -> tuple[Execution | None, bool]:
            recap = await work.executions.find_recap(task.id) if has_events else None
            corrected = await work.executions.correct_execution(task.id, end, size, recap)
            return corrected, await work.runs.correct_run(task.run_id)

        corrected, is_run_changed = await self._write(write)
        if corrected is not None:
            self._changes.publish_execution(corrected)
        if is_run_changed:
            self._changes.publish_run(task.run_id)

    async def cancel_pending(self, run_id: int) -> None:
        """End what has not begun, since somebody wants it canceled."""
        end = End("canceled", "canceled", "Canceled before it began.", started=False)
        ended = await self._write(lambda work: work.executions.finish_pending(run_id, end))
        for execution in ended:
            self._changes.publish_execution(execution)

    async def stop_run(self, run_id: int, reason: str) -> None:
        """End what has not begun, since too many hosts failed."""
        ended = await self._write(lambda work: work.run_control.stop_run(run_id, reason))
        for execution in ended:
            self._changes.publish_execution(execution)
        self._changes.publish_run(run_id)

    async def pause_after(self, run_id: int, wave: int) -> None:
        """Pause the run after a wave."""
        if await self._write(lambda work: work.run_control.pause_after(run_id, wave)):
            self._changes.publish_run(run_id)

    async def note_wait(self, run_id: int, reason: str | None) -> None:
        """Note what the run waits for."""
        await self._write(lambda work: work.run_control.note_wait(run_id, reason))
        self._changes.publish_run(run_id)

    async def acknowledge(self, execution_ids: Sequence[str]) -> None:
        """Note that the agents may forget these executions."""
        if execution_ids:
            await self._write(lambda work: work.executions.acknowledge(execution_ids))

    async def start_run(self, run_id: int) -> None:
        """Turn the run into a running one."""
        if await self._write(lambda work: work.runs.start_run(run_id)):
            self._changes.publish_run(run_id)

    async def finish_run(self, run_id: int) -> None:
        """End a run whose executions have all ended."""
        await self._insist(
            lambda: self._group_commit.run(lambda work: work.runs.finish_run(run_id))
        )
        self._changes.publish_run(run_id)

    async def lose_report(self, run_id: int, silence_s: float) -> None:
        """End a run whose reporter is gone, with all its executions."""
        ended = await self._insist(
            lambda: self._group_commit.run(lambda work: work.reporting.lose_run(run_id, silence_s))
        )
        for execution in ended:
            self._changes.publish_execution(execution)
        self._changes.publish_run(run_id)

    async def fail_run(self, run_id: int, reason: str) -> None:
        """End a run that cannot go on, with all its executions."""
        ended = await self._insist(
            lambda: self._group_commit.run(lambda work: work.runs.fail_run(run_id, reason))
        )
        for execution in ended:
            self._changes.publish_execution(execution)
        self._changes.publish_run(run_id)

    async def _finish(self, task: Task, end: End, *, has_events: bool) -> Execution | None:
        await self._logs.seal(task.id)
        size = await self._logs.size(task.id)

        async def write(work: Work) -> Execution | None:
            recap = await work.executions.find_recap(task.id) if has_events else None
            return await work.executions.finish_execution(task.id, end, size, recap)

        return await self._group_commit.run(write)

    async def _write(self, write: Callable[[Work], Awaitable[T]]) -> T:
        """Write in a shared transaction; a database that is away or has no room is waited for."""
        return await self._insist(lambda: self._group_commit.run(write), UnavailableError)

    async def _insist(
        self, write: Callable[[], Awaitable[T]], passing: type[Exception] = Exception
    ) -> T:
        """Write again and again while it fails with what passes, most likely a full disk.

        An end that is not written would be a run that hangs, so for ends everything passes.
        """
        while True:
            try:
                return await write()
            except passing:
                _log.exception("write_failed", retry_in_s=PAUSE_S)
            await self._clock.sleep(PAUSE_S)
