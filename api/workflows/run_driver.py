# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a run get from where it stands to its end? Through all its executions, some at once.

A run always ends. What fails in one execution ends that execution; what fails in the run itself
is logged with its stack and closes the run as ``internal_error``.
"""

from collections.abc import Mapping

import structlog

from api.core.errors import MyxError
from api.core.tracing.request_ids import following
from api.core.tracing.spans import span
from api.runs.schemas import RunKind
from api.workflows.turns.itinerary import Itinerary, JourneyParts
from api.workflows.turns.journey import INTERNAL_ERROR, Journey
from api.workflows.turns.lanes import Lane
from api.workflows.turns.report_watch import ReportWatch

_log = structlog.get_logger(__name__)


class RunDriver:
    """Drives runs; one for the whole process."""

    def __init__(
        self, parts: JourneyParts, lanes: Mapping[RunKind, Lane], lost_after_s: float
    ) -> None:
        """Take what carries out each kind; ``lost_after_s`` is for those that are only reported."""
        self._parts = parts
        self._lanes = lanes
        self._lost_after_s = lost_after_s
        self._journeys: dict[int, Journey | ReportWatch] = {}
        self._driven: set[int] = set()
        self._asked: set[int] = set()
        """Of those that are only just read, the runs of which somebody wants something else."""

    def list_runs(self) -> set[int]:
        """List the runs that are driven here."""
        return set(self._driven)

    def look_again(self, run_id: int) -> None:
        """Tell whoever drives the run that somebody wants something else of it."""
        if run_id in self._journeys:
            self._journeys[run_id].look_again()
        elif run_id in self._driven:
            self._asked.add(run_id)

    async def drive(self, run_id: int) -> None:
        """Bring the run to its end. Only a cancelled task leaves it as it is, to be resumed."""
        self._driven.add(run_id)
        try:
            await self._drive(run_id)
        except Exception as error:  # noqa: BLE001 - the outermost edge: a run must end
            _log.exception("run_failed", run=run_id)
            reason = error.message if isinstance(error, MyxError) else INTERNAL_ERROR
            await self._parts.recorder.fail_run(run_id, reason)
        finally:
            self._journeys.pop(run_id, None)
            self._driven.discard(run_id)
            self._asked.discard(run_id)

    async def _drive(self, run_id: int) -> None:
        async with self._parts.open_work(read_only=True) as work:
            order = await work.runs.read_order(run_id)
            tasks = await work.executions.list_tasks(run_id)
            wishes = await work.run_control.read_wishes(run_id)
            host_ids = [task.host_id for task in tasks if task.host_id is not None]
            standings = await work.hosts.list_standings(host_ids)
        with following(order.spec.get("request_id", ""), run=run_id), span("run", run=run_id):
            if order.kind == "reported":
                await self._watch(run_id)
                return
            await self._carry_out(Itinerary(run_id, order, tasks, standings, wishes))

    async def _watch(self, run_id: int) -> None:
        """Wait for the end of a run that goes on elsewhere."""
        parts = self._parts
        watch = ReportWatch(
            parts.open_work, parts.recorder, parts.clock, run_id, self._lost_after_s
        )
        self._journeys[run_id] = watch
        await watch.go()

    async def _carry_out(self, itinerary: Itinerary) -> None:
        run_id, order = itinerary.run_id, itinerary.order
        _log.info("run_carried_out", executions=len(itinerary.tasks))
        journey = Journey(self._parts, self._lanes[order.kind], itinerary)
        self._journeys[run_id] = journey
        if run_id in self._asked:
            journey.look_again()
        await journey.go()
        # The run's end does not wait until the agents are told; the workflow does.
        await self._parts.recorder.finish_run(run_id)
        await journey.tell_agents()
