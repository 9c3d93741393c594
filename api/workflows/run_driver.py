# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a run get from where it stands to its end? Through all its executions, some at once.

A run always ends. What fails in one execution ends that execution; what fails in the run itself
is logged with its stack and closes the run as ``internal_error``.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog

from api.core.errors import MyxError
from api.executions.service import End, Task
from api.runs.schemas import RunKind
from api.runs.service import Order
from api.workflows.recorder import Recorder
from api.workflows.work import OpenWork

INTERNAL_ERROR = (
    "The control plane failed while it carried this out; its own log says why. Start a new run."
)

_log = structlog.get_logger(__name__)


class ExecutionDriver(Protocol):
    """Brings executions to their end."""

    async def drive(self, task: Task, order: Order, canceled: asyncio.Event) -> End:
        """Bring a running execution to its end and return that end."""
        ...

    async def acknowledge(self, task: Task) -> None:
        """Tell whoever reported the end that it is stored."""
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
        # The run's end does not wait until the agents are told; the workflow does.
        async with asyncio.TaskGroup() as acknowledging:
            async with asyncio.TaskGroup() as driving:
                for task in tasks:
                    if task.end is not None:
                        if not task.acknowledged:
                            self._acknowledge(lane, task, task.end, acknowledging)
                    elif not (canceled.is_set() and task.status == "pending"):
                        await lane.slots.acquire()
                        driving.create_task(
                            self._drive_one(lane, task, order, canceled, acknowledging)
                        )
            await self._recorder.finish_run(run_id)

    async def _drive_one(
        self,
        lane: Lane,
        task: Task,
        order: Order,
        canceled: asyncio.Event,
        acknowledging: asyncio.TaskGroup,
    ) -> None:
        try:
            if task.status == "pending" and not await self._recorder.start(task):
                return
            end = await lane.driver.drive(task, order, canceled)
        except Exception:  # noqa: BLE001 - one execution must not end the others
            _log.exception("execution_failed", run=task.run_id, execution=task.id)
            end = End("failed", "internal_error", INTERNAL_ERROR)
        finally:
            lane.slots.release()
        await self._recorder.finish(task, end)
        self._acknowledge(lane, task, end, acknowledging)

    def _acknowledge(
        self, lane: Lane, task: Task, end: End, acknowledging: asyncio.TaskGroup
    ) -> None:
        if end.is_from_agent:
            acknowledging.create_task(lane.driver.acknowledge(task))
