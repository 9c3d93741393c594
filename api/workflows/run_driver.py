# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a run get from where it stands to its end? Through all its executions, some at once.

A run always ends. What fails in one execution ends that execution; what fails in the run itself
is logged with its stack and closes the run as ``internal_error``.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from api.core.errors import MyxError
from api.executions.service import End
from api.runs.schemas import RunKind
from api.workflows.briefing import BATCH, Briefing, brief_all
from api.workflows.recorder import Recorder
from api.workflows.work import OpenWork

INTERNAL_ERROR = (
    "The control plane failed while it carried this out; its own log says why. Start a new run."
)

_log = structlog.get_logger(__name__)


class ExecutionDriver(Protocol):
    """Brings executions to their end."""

    async def drive(self, briefing: Briefing, canceled: asyncio.Event) -> End:
        """Bring a running execution to its end and return that end."""
        ...

    async def acknowledge(self, briefing: Briefing, /) -> bool:
        """Tell whoever reported the end that it is stored; return whether they know."""
        ...


class Lane:
    """A driver, and how many executions it may drive at once over all runs."""

    def __init__(self, driver: ExecutionDriver, limit: int) -> None:
        self.driver = driver
        self.slots = asyncio.Semaphore(limit)


class RunDriver:
    """Drives runs; one for the whole process."""

    def __init__(
        self,
        open_work: OpenWork,
        lanes: Mapping[RunKind, Lane],
        recorder: Recorder,
    ) -> None:
        self._open_work = open_work
        self._lanes = lanes
        self._recorder = recorder
        self._cancels: dict[int, asyncio.Event] = {}

    def cancel(self, run_id: int) -> None:
        """Wake whoever drives the run: somebody has asked to cancel it."""
        if run_id in self._cancels:
            self._cancels[run_id].set()

    async def drive(self, run_id: int) -> None:
        """Bring the run to its end. Only a cancelled task leaves it as it is, to be resumed."""
        canceled = self._cancels[run_id] = asyncio.Event()
        try:
            await self._drive(run_id, canceled)
        except Exception as error:  # noqa: BLE001 - the outermost edge: a run must end
            _log.exception("run_failed", run=run_id)
            reason = error.message if isinstance(error, MyxError) else INTERNAL_ERROR
            await self._recorder.fail_run(run_id, reason)
        finally:
            del self._cancels[run_id]

    async def _drive(self, run_id: int, canceled: asyncio.Event) -> None:
        async with self._open_work(read_only=True) as work:
            order = await work.runs.read_order(run_id)
            tasks = await work.executions.list_tasks(run_id)
        if order.cancel_requested:
            canceled.set()
        lane = self._lanes[order.kind]
        ended: list[Briefing] = []
        left = [task for task in tasks if task.end is None or not task.acknowledged]
        async with asyncio.TaskGroup() as driving:
            driving.create_task(self._recorder.start_run(run_id))
            async for briefing in brief_all(self._open_work, order, left):
                task = briefing.task
                if task.end is not None:
                    ended += [briefing] if task.end.is_from_agent else []
                elif not (canceled.is_set() and task.status == "pending"):
                    await lane.slots.acquire()
                    driving.create_task(self._drive_one(lane, briefing, canceled, ended))
        # The run's end does not wait until the agents are told; the workflow does.
        await self._recorder.finish_run(run_id)
        await self._acknowledge(lane.driver, ended)

    async def _drive_one(
        self, lane: Lane, briefing: Briefing, canceled: asyncio.Event, ended: list[Briefing]
    ) -> None:
        """Drive an execution in a slot; where its agent must be told, it joins ``ended``."""
        task = briefing.task
        try:
            if task.status == "pending" and not await self._recorder.start(task):
                return
            end = await lane.driver.drive(briefing, canceled)
        except Exception:  # noqa: BLE001 - one execution must not end the others
            _log.exception("execution_failed", run=task.run_id, execution=task.id)
            end = End("failed", "internal_error", INTERNAL_ERROR)
        finally:
            lane.slots.release()
        await self._recorder.finish(task, end, has_events=briefing.order.kind == "playbook")
        if end.is_from_agent:
            ended.append(briefing)

    async def _acknowledge(self, driver: ExecutionDriver, ended: Sequence[Briefing]) -> None:
        """Tell the agents that all is stored; those that cannot be told keep their copy."""
        told: list[str] = []
        for start in range(0, len(ended), BATCH):
            batch = ended[start : start + BATCH]
            known = await asyncio.gather(*(driver.acknowledge(briefing) for briefing in batch))
            told += [b.task.id for b, is_known in zip(batch, known, strict=True) if is_known]
        await self._recorder.acknowledge(told)
