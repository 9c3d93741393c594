# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run paused, resumed, stopped, tried again? In a unit of work, as ``RunsService``."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.core.clock import Clock
from api.executions.schemas import Execution
from api.executions.service import End, ExecutionsService, Target
from api.executions.states import END_STATES
from api.models import Run as RunRow
from api.runs.errors import NothingToRetryError, RunEndedError, RunNotEndedError, RunNotFoundError
from api.runs.repository import RunsRepository


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people want of a run that is under way."""

    canceled: bool
    paused: bool
    paused_after_wave: int
    """The last wave after which it has paused as asked for."""
    wait_reason: str | None
    """What it was told to wait for last."""


class RunControlService:
    """Control of runs within one unit of work."""

    def __init__(
        self, repository: RunsRepository, executions: ExecutionsService, clock: Clock
    ) -> None:
        self._repository = repository
        self._executions = executions
        self._clock = clock

    async def read_wishes(self, run_id: int) -> Wishes:
        """Return what people want of the run by now.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        row = await self._get_row(run_id)
        return Wishes(
            canceled=row.cancel_requested_at is not None,
            paused=row.paused_at is not None,
            paused_after_wave=row.paused_after_wave,
            wait_reason=row.wait_reason,
        )

    async def pause_run(self, run_id: int, principal: str) -> None:
        """Let nothing new start; what runs goes on. Pausing again changes nothing.

        Raises:
            RunNotFoundError: there is none with that number.
            RunEndedError: it has ended.
        """
        row = await self._get_unfinished(run_id)
        if row.paused_at is None:
            values = {"paused_at": self._clock.now(), "pause_reason": f"Paused by {principal}."}
            await self._repository.change_unfinished(run_id, values)

    async def pause_after(self, run_id: int, wave: int) -> bool:
        """Pause after a wave as asked for, once; return whether it does now."""
        values = {
            "paused_at": self._clock.now(),
            "pause_reason": f"Paused after wave {wave}, as asked for.",
        }
        return await self._repository.pause_once(run_id, wave, values)

    async def resume_run(self, run_id: int) -> None:
        """Let it go on, where it is paused; raises as ``pause_run``."""
        await self._get_unfinished(run_id)
        await self._repository.change_unfinished(run_id, {"paused_at": None, "pause_reason": None})

    async def stop_run(self, run_id: int, reason: str) -> Sequence[Execution]:
        """Let nothing new start any more, since too many hosts failed; return what that ended."""
        await self._repository.change_unfinished(run_id, {"stop_reason": reason})
        end = End("canceled", "budget_exceeded", f"Not started: {reason}", started=False)
        return await self._executions.finish_pending(run_id, end)

    async def note_wait(self, run_id: int, reason: str | None) -> None:
        """Note what the run waits for."""
        await self._repository.change_unfinished(run_id, {"wait_reason": reason})

    async def list_retry_targets(self, run_id: int) -> list[Target]:
        """List the hosts that did not succeed and are still known, in their order.

        Raises:
            RunNotFoundError: there is none with that number.
            RunNotEndedError: it has not ended.
            NothingToRetryError: it succeeded on all hosts that are still known.
        """
        row = await self._get_row(run_id)
        if row.status not in END_STATES:
            raise RunNotEndedError.of(run_id)
        tasks = await self._executions.list_tasks(run_id)
        targets = [
            Target(task.host_id, task.host_name)
            for task in tasks
            if task.status != "successful" and task.host_id is not None
        ]
        if not targets:
            raise NothingToRetryError.of(run_id)
        return targets

    async def _get_unfinished(self, run_id: int) -> RunRow:
        row = await self._get_row(run_id)
        if row.status in END_STATES:
            raise RunEndedError.of(run_id, row.status)
        return row

    async def _get_row(self, run_id: int) -> RunRow:
        row = await self._repository.find(run_id)
        if row is None:
            raise RunNotFoundError.of(run_id)
        return row
