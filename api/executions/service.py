# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of executions? How they begin, go on, end, and what they leave behind."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from agent_runner.protocol.reasons import ReasonCode as AgentReasonCode
from api.core.clock import Clock
from api.core.ids import new_id
from api.core.paging import Slice
from api.executions.errors import ExecutionNotFoundError
from api.executions.events import STATS_EVENT, build_row, read_recap
from api.executions.places import Claim, Places, Refusal
from api.executions.repository import ExecutionsRepository
from api.executions.schemas import Execution, ExecutionQuery
from api.executions.states import END_STATES, UNFINISHED_STATES, ReasonCode, State, WaitCode
from api.executions.tasks import MAX_STEPS, STEP_EVENTS, RunTasks, Step, summarise
from api.logs.store import LogStore
from api.models import Execution as ExecutionRow


@dataclass(frozen=True, slots=True)
class Target:
    """A host that a run goes to."""

    host_id: int
    host_name: str
    wave: int = 1


@dataclass(frozen=True, slots=True)
class Hold:
    """What a pending execution waits for on its host."""

    code: WaitCode
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """How an execution ended."""

    status: State
    reason_code: ReasonCode
    reason: str
    return_code: int | None = None
    started: bool = True
    """Whether anything was begun on the host."""

    @property
    def is_from_agent(self) -> bool:
        """Whether the agent reported it, and keeps its copy until it is told that we have ours."""
        return self.started and self.reason_code in get_args(AgentReasonCode)

    @property
    def is_owed(self) -> bool:
        """Whether the agent must be asked or told again when it is heard of."""
        return self.is_from_agent or self.reason_code == "agent_lost"


@dataclass(frozen=True, slots=True)
class Finished:
    """An execution that has ended, and what it leaves behind."""

    execution_id: str
    end: End
    log_bytes: int
    recap: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Task:
    """What a driver must know of an execution to begin or to go on."""

    id: str
    run_id: int
    host_id: int | None
    host_name: str
    status: State
    last_event: int
    end: End | None
    """How it ended, where it has."""
    acknowledged: bool
    wave: int = 1
    waiting_since: datetime | None = None
    finished_at: datetime | None = None


class ExecutionsService:
    """Executions within one unit of work."""

    def __init__(self, repository: ExecutionsRepository, logs: LogStore, clock: Clock) -> None:
        self._repository = repository
        self._logs = logs
        self._clock = clock

    async def create_executions(self, run_id: int, targets: Iterable[Target]) -> None:
        """Store one pending execution for each target, in the order in which they go."""
        now = self._clock.now()
        rows = [
            {
                "id": new_id(),
                "run_id": run_id,
                "host_id": target.host_id,
                "host_name": target.host_name,
                "wave": target.wave,
                "position": position,
                "status": "pending",
                "created_at": now,
            }
            for position, target in enumerate(targets)
        ]
        if rows:
            await self._repository.add_all(rows)

    async def get_execution(self, execution_id: str) -> Execution:
        """Return one execution.

        Raises:
            ExecutionNotFoundError: there is none with that id.
        """
        row = await self._repository.find(execution_id)
        if row is None:
            raise ExecutionNotFoundError
        return (await self._describe_all([row]))[0]

    async def list_by_id(self, execution_ids: Collection[str]) -> list[Execution]:
        """List the executions with these ids, as far as they exist."""
        return await self._describe_all(await self._repository.list_by_id(execution_ids))

    async def list_executions(self, run_id: int, query: ExecutionQuery) -> Slice[Execution]:
        """List a page of a run's executions."""
        page = await self._repository.list_page(run_id, query)
        return Slice(await self._describe_all(page.items), page.count)

    async def list_all(self, run_id: int) -> list[Execution]:
        """List all executions of a run, by host."""
        return await self._describe_all(await self._repository.list_of_run(run_id))

    async def list_tasks(self, run_id: int) -> list[Task]:
        """List what a driver of the run has before it, in the order in which they go."""
        return [_build_task(row) for row in await self._repository.list_in_order(run_id)]

    async def list_owed_hosts(self) -> Sequence[int]:
        """List the hosts whose agents may hold an end that is not here, or not acknowledged."""
        return await self._repository.list_owed_hosts()

    async def list_owed(self, host_id: int) -> list[Task]:
        """List what has ended here and is owed to or by the agent of a host."""
        return [_build_task(row) for row in await self._repository.list_owed(host_id)]

    async def count_waves(self, run_id: int) -> dict[int, dict[State, int]]:
        """Count the executions of a run by wave and state."""
        return await self._repository.count_waves(run_id)

    async def count_skipped(self, run_id: int) -> int:
        """Count the executions of a run that were left out, since their hosts were in maintenance.

        Those that waited for it in vain have failed.
        """
        return await self._repository.count_skipped(run_id)

    async def count_states(self, run_ids: Collection[int]) -> dict[int, dict[State, int]]:
        """Count the executions of runs by state."""
        return await self._repository.count_states(run_ids)

    async def list_control_nodes(self, run_ids: Collection[int]) -> list[tuple[int, State]]:
        """List the runs among these that have a control node in reach, each with its state."""
        return await self._repository.list_control_nodes(run_ids) if run_ids else []

    async def start_executions(self, execution_ids: Collection[str]) -> dict[str, Execution]:
        """Turn pending executions into running ones; those that are not pending are left out."""
        rows = await self._repository.start(execution_ids, self._clock.now())
        return {row.id: Execution.model_validate(row) for row in rows}

    async def claim_places(
        self, claims: Collection[Claim]
    ) -> tuple[dict[str, Execution], dict[str, Refusal]]:
        """Start those for which there is a place over all replicas.

        Returns:
            What was started, and why others were not; in neither is what is not pending any more.
        """
        await self._repository.take_turn()
        host_ids = {claim.host_id for claim in claims if claim.on_host and claim.host_id}
        places = Places(await self._repository.count_running(host_ids))
        refused: dict[str, Refusal] = {}
        for claim in claims:
            refusal = places.take(claim)
            if refusal is not None:
                refused[claim.execution_id] = refusal
        granted = [each.execution_id for each in claims if each.execution_id not in refused]
        return await self.start_executions(granted) if granted else {}, refused

    async def hold_execution(self, execution_id: str, hold: Hold) -> Execution | None:
        """Let an execution wait that has not begun on its host; None where it has ended."""
        values = {"wait_code": hold.code, "wait_reason": hold.reason}
        row = await self._repository.hold(execution_id, values, self._clock.now())
        return None if row is None else Execution.model_validate(row)

    async def correct_execution(
        self, execution_id: str, end: End, log_bytes: int, recap: dict[str, int] | None
    ) -> Execution | None:
        """Replace the end of a lost execution by the real one; None where it is not lost."""
        values = {**self._end_values(end), "log_bytes": log_bytes, "recap": recap}
        row = await self._repository.correct(execution_id, values)
        return None if row is None else Execution.model_validate(row)

    async def finish_executions(self, finished: Iterable[Finished]) -> dict[str, Execution]:
        """End executions; those that have ended before are left out: the first end stands."""
        values = {
            each.execution_id: {
                **self._end_values(each.end),
                "log_bytes": each.log_bytes,
                "recap": each.recap,
            }
            for each in finished
        }
        rows = await self._repository.finish(values)
        return {row.id: Execution.model_validate(row) for row in rows}

    async def finish_pending(self, run_id: int, end: End) -> list[Execution]:
        """End all executions of a run that have not begun."""
        rows = await self._repository.finish_all(run_id, ["pending"], self._end_values(end))
        return [Execution.model_validate(row) for row in rows]

    async def finish_unfinished(self, run_id: int, end: End) -> list[Execution]:
        """End all executions of a run that have not ended."""
        rows = await self._repository.finish_all(run_id, UNFINISHED_STATES, self._end_values(end))
        return [Execution.model_validate(row) for row in rows]

    async def acknowledge(self, execution_ids: Collection[str]) -> None:
        """Note that nothing is owed any more: the agents were told that everything is stored."""
        await self._repository.mark_acknowledged(execution_ids)

    async def store_events(self, batches: Iterable[tuple[str, Sequence[dict[str, Any]]]]) -> None:
        """Store events of executions; what is stored already is left as it is."""
        now = self._clock.now()
        rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for id_, events in batches:
            rows[id_] += [build_row(id_, event, now) for event in events]
        await self._repository.add_events({id_: kept for id_, kept in rows.items() if kept})

    async def list_events(
        self, execution_id: str, after: int, limit: int
    ) -> Sequence[dict[str, Any]]:
        """List events behind a counter, as ansible-runner emitted them."""
        return await self._repository.list_events(execution_id, after, limit)

    async def list_steps(self, run_id: int, after: Mapping[str, int]) -> RunTasks:
        """Tell how executions of a run went on in their tasks since the counters ``after``."""
        known = await self._repository.list_by_id(after)
        known = [row for row in known if row.run_id == run_id]
        ended = {row.id for row in known if row.status in END_STATES}
        wanted = {row.id: after[row.id] for row in known}
        rows = await self._repository.list_steps(wanted, STEP_EVENTS, MAX_STEPS)
        return summarise(wanted, ended, [Step(**row._asdict()) for row in rows])

    async def has_events_behind(self, execution_id: str, counter: int) -> bool:
        """Say whether an event behind a counter was ever stored, be it there still or not."""
        row = await self._repository.find(execution_id)
        return row is not None and row.last_event > counter

    async def find_recap(self, execution_id: str) -> dict[str, int] | None:
        """Return what ansible-playbook counted at its end; None where it did not get there."""
        stats = await self._repository.find_last_event(execution_id, STATS_EVENT)
        return None if stats is None else read_recap(stats)

    async def _describe_all(self, rows: Sequence[ExecutionRow]) -> list[Execution]:
        """Return the executions with the sizes that their logs have at this moment."""
        growing = [row.id for row in rows if row.status in UNFINISHED_STATES - {"pending"}]
        sizes = await self._logs.sizes(growing) if growing else {}
        return [
            Execution.model_validate(row).model_copy(
                update={
                    "log_bytes": sizes.get(row.id, row.log_bytes),
                    # Noted also where there never were any.
                    "events_removed_at": row.events_removed_at if row.last_event else None,
                }
            )
            for row in rows
        ]

    def _end_values(self, end: End) -> dict[str, Any]:
        values = {
            **asdict(end),
            "finished_at": self._clock.now(),
            "wait_code": None,
            "wait_reason": None,
            "acknowledged": not end.is_owed,
        }
        if not values.pop("started"):
            values["started_at"] = None
        return values


def _build_task(row: ExecutionRow) -> Task:
    execution = Execution.model_validate(row)
    end = None
    if execution.reason_code is not None:
        end = End(
            execution.status,
            execution.reason_code,
            execution.reason or "",
            execution.return_code,
            started=execution.started_at is not None,
        )
    return Task(
        id=row.id,
        run_id=row.run_id,
        host_id=row.host_id,
        host_name=row.host_name,
        status=execution.status,
        last_event=row.last_event,
        end=end,
        acknowledged=row.acknowledged,
        wave=row.wave,
        waiting_since=row.waiting_since,
        finished_at=row.finished_at,
    )
