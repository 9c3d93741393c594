# SPDX-License-Identifier: GPL-3.0-or-later
"""How is what happens to an execution written down, and everybody told? In that order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import structlog

from agent_runner.protocol.methods import LogType
from api.core.clock import Clock
from api.core.errors import UnavailableError
from api.executions.changes import Changes, Move
from api.executions.events import STATS_EVENT, read_recap
from api.executions.places import Claim, Refusal
from api.executions.schemas import Execution
from api.executions.service import End, Finished, Hold, Task
from api.logs.errors import LogStorageError
from api.logs.store import LogStore
from api.workflows.errors import NoPlaceError
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
        self._recaps: dict[str, Mapping[str, int]] = {}
        """What Ansible counted in executions that are about to end."""

    async def start(self, task: Task, claim: Claim | None = None) -> bool:
        """Turn the execution into a running one; return whether it was pending.

        Raises:
            NoPlaceError: there is no place for the claim; it still is pending.
        """
        started = await self._insist(lambda: self._start(task, claim), UnavailableError)
        if started is not None:
            self._changes.publish_execution(started)
        return started is not None

    async def get_log_size(self, task: Task) -> int:
        """Return how much of the log is stored."""
        return await self._logs.size(task.id)

    async def append_log(
        self,
        task: Task,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,
    ) -> int:
        """Store log bytes and return the log's size; a full disk is waited for."""
        size = await self._insist(
            lambda: self._logs.append(
                task.id, offset, log_type, data, is_kept_elsewhere=is_kept_elsewhere
            ),
            LogStorageError,
        )
        self._changes.publish_log(task.run_id, task.id)
        return size

    def is_awaited(self, task: Task) -> bool:
        """Say whether somebody here waits for what happens to the execution."""
        return self._changes.has_subscribers(Move("events", execution_id=task.id))

    async def store_events(self, task: Task, events: Sequence[dict[str, Any]]) -> None:
        """Store events."""
        await self._insist(
            lambda: self._group_commit.join(_store_all_events, (task.id, events)), UnavailableError
        )
        self._changes.publish_events(task.id)
        stats = next((each for each in events if each.get("event") == STATS_EVENT), None)
        if stats is not None:
            self._recaps[task.id] = read_recap(stats)

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
        size = await self._logs.seal(task.id)

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

    async def _start(self, task: Task, claim: Claim | None) -> Execution | None:
        if claim is None:
            return await self._group_commit.join(_start_all, task.id)
        outcome = await self._group_commit.join(_claim_all, claim)
        if isinstance(outcome, str):
            raise NoPlaceError(outcome)
        return outcome

    async def _finish(self, task: Task, end: End, *, has_events: bool) -> Execution | None:
        size = await self._logs.seal(task.id)
        recap = self._recaps.get(task.id)
        is_unknown = has_events and end.started and recap is None
        ended = _Ended(Finished(task.id, end, size, recap), is_unknown)
        finished = await self._group_commit.join(_finish_all, ended)
        self._recaps.pop(task.id, None)
        return finished

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


class _Ended(NamedTuple):
    finished: Finished
    has_unknown_recap: bool
    """Whether its recap is to be looked for: the event may have been stored by a process before."""


async def _start_all(work: Work, execution_ids: Sequence[str]) -> Sequence[Execution | None]:
    started = await work.executions.start_executions(execution_ids)
    return [started.get(id_) for id_ in execution_ids]


async def _claim_all(work: Work, claims: Sequence[Claim]) -> Sequence[Execution | Refusal | None]:
    started, refused = await work.executions.claim_places(claims)
    return [started.get(each.execution_id) or refused.get(each.execution_id) for each in claims]


async def _store_all_events(
    work: Work, batches: Sequence[tuple[str, Sequence[dict[str, Any]]]]
) -> Sequence[None]:
    await work.executions.store_events(batches)
    return [None] * len(batches)


async def _finish_all(work: Work, ended: Sequence[_Ended]) -> Sequence[Execution | None]:
    known = [each.finished for each in ended if not each.has_unknown_recap]
    for each in ended:
        if each.has_unknown_recap:
            recap = await work.executions.find_recap(each.finished.execution_id)
            known.append(replace(each.finished, recap=recap))
    finished = await work.executions.finish_executions(known)
    return [finished.get(each.finished.execution_id) for each in ended]
