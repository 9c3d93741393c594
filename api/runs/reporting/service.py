# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of a run that is reported? Who may tell of it, what is taken, how it ends.

Whoever opened it alone goes on with it. Hosts are learnt as they come; one that is not known here
has an execution under its name alone. The run's control node has the state of the run at all times.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from api.auth.errors import PermissionDeniedError
from api.core.clock import Clock
from api.executions.reported import Recapped, ReportedExecutions
from api.executions.schemas import Execution, Recap
from api.executions.service import End, ExecutionsService
from api.executions.states import CONTROL_NODE, END_STATES
from api.hosts.service import HostService
from api.models import Run as RunRow
from api.runs.errors import (
    ReportTooLargeError,
    RunEndedError,
    RunNotFoundError,
    RunNotReportedError,
)
from api.runs.orders import Idempotency, Order
from api.runs.outcomes import RunEnd
from api.runs.reporting.schemas import (
    MAX_HOSTS,
    MAX_NAME_CHARS,
    ReportedEnd,
    ReportedEvent,
    ReportedRunCreate,
)
from api.runs.repository import RunsRepository
from api.runs.schemas import Run
from api.runs.service import RunsService

_WORDS = {
    "successful": "It was successful where it ran.",
    "failed": "It failed where it ran.",
    "canceled": "It was interrupted where it ran.",
}


class Standing(NamedTuple):
    """Where a reported run stands."""

    status: str
    heard_at: datetime


class Taken(NamedTuple):
    """What of a report was written down: its executions by name, and those that are new."""

    run: Run
    executions: dict[str, Execution]
    begun: list[Execution]


class ReportingService:
    """Reported runs, in one unit of work."""

    def __init__(
        self,
        repository: RunsRepository,
        runs: RunsService,
        executions: ExecutionsService,
        reported: ReportedExecutions,
        hosts: HostService,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._runs = runs
        self._executions = executions
        self._reported = reported
        self._hosts = hosts
        self._clock = clock

    async def open_run(
        self, body: ReportedRunCreate, principal: str, idempotency: Idempotency | None
    ) -> Run:
        """Write down a run that began elsewhere."""
        spec = body.model_dump(mode="json", exclude={"name", "limit"})
        order = Order(kind="reported", name=body.name, spec=spec, limit=body.limit)
        run = await self._runs.create_run(order, [], principal, idempotency)
        await self._reported.begin(run.id, {CONTROL_NODE: None}, 0)
        await self._repository.change_unfinished(run.id, {"heard_at": self._clock.now()})
        await self._runs.start_run(run.id)
        return await self._runs.get_run(run.id)

    async def take(self, run_id: int, events: Sequence[ReportedEvent], principal: str) -> Taken:
        """Write down the events of a report; what was written before is left as it is.

        Raises:
            RunNotFoundError, RunNotReportedError: it is no reported run.
            PermissionDeniedError: somebody else reports it.
            RunEndedError: nobody may go on with it.
            ReportTooLargeError: it has too many hosts.
        """
        await self._hear(run_id, principal)
        by_host: dict[str, list[dict[str, object]]] = {CONTROL_NODE: []}
        for event in sorted(events, key=lambda each: each.counter):
            host = find_host(event) or CONTROL_NODE
            by_host.setdefault(host, []).append(event.model_dump())
        executions, begun = await self._learn(run_id, by_host.keys())
        for name, told in by_host.items():
            await self._executions.store_events([(executions[name].id, told)])
        return Taken(await self._runs.get_run(run_id), executions, begun)

    async def end_run(
        self, run_id: int, body: ReportedEnd, principal: str
    ) -> tuple[Run, list[Execution]]:
        """End a run as its reporter says; raises as ``take``."""
        await self._hear(run_id, principal)
        _, begun = await self._learn(run_id, body.recap.keys())
        ended = await self._reported.finish(run_id, lambda name: _decide(name, body))
        reason = body.reason or _WORDS[body.status]
        await self._runs.end_run(run_id, RunEnd(body.status, "reported", reason))
        return await self._runs.get_run(run_id), [*begun, *ended]

    async def lose_run(self, run_id: int, silence_s: float) -> list[Execution]:
        """End a run whose reporter was not heard of for too long."""
        reason = (
            f"Whoever reports it was not heard of for {silence_s:g} s. It may have gone on where "
            "it was started."
        )
        # First of all, so that a report at this moment is either before or behind.
        if not await self._repository.change_unfinished(run_id, {"wait_reason": None}):
            return []
        end = End("lost", "reporter_lost", reason)
        ended = await self._reported.finish(run_id, lambda _name: (end, None))
        await self._runs.end_run(run_id, RunEnd("lost", "reporter_lost", reason))
        return ended

    async def get_standing(self, run_id: int) -> Standing:
        """Return where a run stands.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        row = await self._get_row(run_id)
        return Standing(row.status, row.heard_at or row.created_at)

    async def get_control_node(self, run_id: int) -> Execution:
        """Return the execution that has the run's log."""
        return (await self._reported.find(run_id, [CONTROL_NODE]))[CONTROL_NODE]

    async def require_open(self, run_id: int, principal: str) -> None:
        """Make sure that somebody may go on with a run; raises as ``take``."""
        row = await self._get_row(run_id)
        if row.kind != "reported":
            raise RunNotReportedError
        if row.created_by != principal:
            raise PermissionDeniedError(
                f"Run {run_id} is reported by '{row.created_by}', and by nobody else."
            )
        if row.status in END_STATES:
            raise RunEndedError.of(run_id, row.status)

    async def _hear(self, run_id: int, principal: str) -> None:
        """Note that a run was heard of; raises as ``take``."""
        await self.require_open(run_id, principal)
        if not await self._repository.change_unfinished(run_id, {"heard_at": self._clock.now()}):
            raise RunEndedError.of(run_id, "lost")

    async def _learn(
        self, run_id: int, names: Collection[str]
    ) -> tuple[dict[str, Execution], list[Execution]]:
        """Return the executions on these hosts, and those of them that are new."""
        known = await self._reported.find(run_id, names)
        new = [name for name in names if name not in known]
        if not new:
            return known, []
        position = await self._reported.count(run_id)
        if position + len(new) > MAX_HOSTS + 1:
            raise ReportTooLargeError(f"A reported run has at most {MAX_HOSTS} hosts.")
        ids = await self._hosts.find_ids(new)
        begun = await self._reported.begin(run_id, {n: ids.get(n) for n in new}, position)
        return known | {each.host: each for each in begun}, begun

    async def _get_row(self, run_id: int) -> RunRow:
        row = await self._repository.find(run_id)
        if row is None:
            raise RunNotFoundError.of(run_id)
        return row


def find_host(event: ReportedEvent) -> str | None:
    """Return the host that an event is about; None where it is about the run."""
    host = event.event_data.get("host")
    is_named = isinstance(host, str) and 0 < len(host) <= MAX_NAME_CHARS
    return host if is_named else None


def _decide(name: str, body: ReportedEnd) -> Recapped:
    """Decide how one execution ended, given how the run did."""
    if name == CONTROL_NODE:
        reason = body.reason or _WORDS[body.status]
        return End(body.status, "reported", reason, body.return_code), None
    recap = body.recap.get(name)
    if recap is None:
        return End(body.status, "reported", _WORDS[body.status]), None
    return _judge(recap), recap.model_dump()


def _judge(recap: Recap) -> End:
    if recap.unreachable:
        return End("failed", "reported", "It could not be reached from where the run was started.")
    if recap.failed:
        tasks = "1 task" if recap.failed == 1 else f"{recap.failed} tasks"
        return End("failed", "reported", f"{tasks} failed.")
    return End("successful", "reported", _WORDS["successful"])
