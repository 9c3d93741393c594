# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of runs? How they are written down, told about, canceled and ended."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from api.core.clock import Clock
from api.core.ids import new_id
from api.core.paging import Slice
from api.core.sealing import Sealer
from api.core.tracing.request_ids import get_request_id
from api.executions.schemas import Execution, ExecutionQuery
from api.executions.service import End, ExecutionsService, Target
from api.executions.states import END_STATES, State
from api.executions.tasks import RunTasks, TasksQuery
from api.models import Run as RunRow
from api.notifications.outbox import NotificationOutbox
from api.runs.errors import IdempotencyConflictError, RunNotFoundError, SecretsForgottenError
from api.runs.orders import Idempotency, Order
from api.runs.outcomes import RunEnd, decide_end
from api.runs.repository import RunsRepository
from api.runs.rows import build_run
from api.runs.schemas import Run, RunDetail, RunQuery, Wave

MAX_NAME_LENGTH = 200
"""A longer name is cut: it is for lists."""


ONE_OFF_KINDS = frozenset({"install", "uninstall"})
"""Runs whose secrets are forgotten at their end, whatever it is."""


@dataclass(frozen=True, slots=True)
class CanceledRun:
    """A run after somebody asked to cancel it, and the executions that this ended at once."""

    run: Run
    ended: Sequence[Execution]


class RunsService:
    """Runs within one unit of work."""

    def __init__(
        self,
        repository: RunsRepository,
        executions: ExecutionsService,
        outbox: NotificationOutbox,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._executions = executions
        self._outbox = outbox
        self._sealer = sealer
        self._clock = clock

    async def find_repeated(self, idempotency: Idempotency) -> Run | None:
        """Return the run that the same request has started before, or None.

        Raises:
            IdempotencyConflictError: the key was used for another request.
        """
        row = await self._repository.find_by_key(idempotency.key)
        if row is None:
            return None
        if not self._matches(row.idempotency_digest, idempotency):
            raise IdempotencyConflictError
        return await self._describe(row)

    async def create_run(
        self,
        order: Order,
        targets: Sequence[Target],
        created_by: str,
        idempotency: Idempotency | None,
    ) -> Run:
        """Write down a run with one pending execution for each target."""
        row = RunRow(
            kind=order.kind,
            name=order.name[:MAX_NAME_LENGTH],
            # Whoever carries it out, maybe another process, logs which request it follows from.
            spec={**order.spec, "request_id": get_request_id() or new_id()},
            limit_pattern=order.limit,
            bundle_digest=order.bundle_digest,
            timeout_s=order.timeout_s,
            rollout=order.rollout.model_dump(mode="json"),
            retry_of=order.retry_of,
            status="pending",
            created_by=created_by,
            created_at=self._clock.now(),
            idempotency_key=idempotency and idempotency.key,
            idempotency_digest=idempotency and self._digest(idempotency),
        )
        await self._repository.add(row)
        if order.secrets:
            row.had_secrets = True
            row.secrets_sealed = self._sealer.seal_json(dict(order.secrets), _context(row.id))
        await self._executions.create_executions(row.id, targets)
        return build_run(row, {"pending": len(targets)})

    async def get_run(self, run_id: int) -> Run:
        """Return a run.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        return await self._describe(await self._get_row(run_id))

    async def get_detail(self, run_id: int) -> RunDetail:
        """Return a run with its waves; raises likewise."""
        run = await self.get_run(run_id)
        counts = await self._executions.count_waves(run_id)
        waves = [
            Wave(number=number, hosts_total=sum(states.values()), counts=states)
            for number, states in counts.items()
            if number  # a control node is in no wave
        ]
        return RunDetail(**dict(run), waves=waves)

    async def list_runs(self, query: RunQuery) -> Slice[Run]:
        """List a page of runs."""
        page = await self._repository.list_page(query)
        counts = await self._count_hosts(page.items)
        return page.map(lambda row: build_run(row, counts.get(row.id, {})))

    async def list_executions(self, run_id: int, query: ExecutionQuery) -> Slice[Execution]:
        """List a page of a run's executions.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        await self._get_row(run_id)
        return await self._executions.list_executions(run_id, query)

    async def list_steps(self, run_id: int, query: TasksQuery) -> RunTasks:
        """Tell how some executions of a run went on in their tasks.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        await self._get_row(run_id)
        return await self._executions.list_steps(run_id, query.counter_by_execution)

    async def list_host_ids(self, run_id: int) -> list[int]:
        """List the hosts of a run that are still known."""
        tasks = await self._executions.list_tasks(run_id)
        return [task.host_id for task in tasks if task.host_id is not None]

    async def list_unfinished_ids(self) -> Sequence[int]:
        """List the numbers of the runs that have not ended."""
        return await self._repository.list_unfinished_ids()

    async def read_order(self, run_id: int) -> Order:
        """Return what the run is to do, with its secrets.

        Raises:
            RunNotFoundError: there is none with that number.
            SealingError: the secrets do not open with this data directory's key.
        """
        row = await self._get_row(run_id)
        run = build_run(row, {})
        sealed = row.secrets_sealed
        return Order(
            kind=run.kind,
            name=row.name,
            spec=row.spec,
            secrets=self._sealer.unseal_json(sealed, _context(row.id)) if sealed else {},
            limit=row.limit_pattern,
            bundle_digest=row.bundle_digest,
            timeout_s=row.timeout_s,
            rollout=run.rollout,
            retry_of=row.retry_of,
            created_by=row.created_by,
            cancel_requested=row.cancel_requested_at is not None,
            stop_reason=row.stop_reason,
        )

    async def read_retry(self, run_id: int) -> Order:
        """Return what a run is to do that tries another one again.

        Raises:
            RunNotFoundError: there is none with that number.
            SecretsForgottenError: what it ran with is not kept any more.
            SealingError: the secrets do not open with this data directory's key.
        """
        row = await self._get_row(run_id)
        if row.had_secrets and row.secrets_sealed is None:
            raise SecretsForgottenError
        order = await self.read_order(run_id)
        return replace(order, retry_of=run_id, cancel_requested=False, stop_reason=None)

    async def start_run(self, run_id: int) -> bool:
        """Note that its first execution begins; return whether that is new."""
        is_new = await self._repository.start(run_id, self._clock.now())
        if is_new:
            await self._note_state(run_id)
        return is_new

    async def find_canceller(self, run_id: int) -> str | None:
        """Return who has last asked to cancel a run, or None where nobody has.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        return (await self._get_row(run_id)).cancel_requested_by

    async def cancel_run(self, run_id: int, principal: str) -> CanceledRun:
        """Note who wants to cancel, and end what has not begun; changes nothing after the end.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        await self._get_row(run_id)
        ended: Sequence[Execution] = ()
        if await self._repository.request_cancel(run_id, self._clock.now(), principal):
            end = End("canceled", "canceled", "Canceled before it began.", started=False)
            ended = await self._executions.finish_pending(run_id, end)
        return CanceledRun(await self.get_run(run_id), ended)

    async def finish_run(self, run_id: int) -> bool:
        """End a run whose executions have all ended; return whether it had not ended before."""
        row = await self._get_row(run_id)
        return await self.end_run(run_id, await self._decide_end(row))

    async def correct_run(self, run_id: int) -> bool:
        """Decide again how a run ended, after an execution turned out to have ended otherwise.

        Returns:
            Whether that changed how it ended.
        """
        row = await self._get_row(run_id)
        if row.status not in END_STATES or row.reason_code == "internal_error":
            return False
        end = await self._decide_end(row)
        status = row.status
        if (end.status, end.reason) == (status, row.reason):
            return False
        is_changed = await self._repository.correct(run_id, asdict(end))
        if end.status != status:
            await self._note_state(run_id)
        return is_changed

    async def fail_run(self, run_id: int, reason: str) -> Sequence[Execution]:
        """End a run that cannot go on with all its executions, and return those this ended."""
        end = End("failed", "internal_error", reason)
        ended = await self._executions.finish_unfinished(run_id, end)
        await self.end_run(run_id, RunEnd("failed", "internal_error", reason))
        return ended

    async def end_run(self, run_id: int, end: RunEnd) -> bool:
        """End a run in a way that was decided elsewhere; return whether it had not ended before.

        Raises:
            RunNotFoundError: there is none with that number.
        """
        values = {
            **asdict(end),
            "finished_at": self._clock.now(),
            "paused_at": None,
            "pause_reason": None,
            "wait_reason": None,
        }
        row = await self._get_row(run_id)
        # Variables are kept for a retry; SSH credentials that were given for once never are.
        if end.status == "successful" or row.kind in ONE_OFF_KINDS:
            values["secrets_sealed"] = None
        is_new = await self._repository.finish(run_id, values)
        if is_new:
            await self._note_state(run_id)
        return is_new

    async def _note_state(self, run_id: int) -> None:
        """Let those be told who want to know of runs that went into the state of this one."""
        await self._outbox.note_run((await self.get_run(run_id)).model_dump(mode="json"))

    async def _count_hosts(self, rows: Sequence[RunRow]) -> dict[int, dict[State, int]]:
        """Count the executions on hosts by run and state: a control node is none."""
        counts = await self._executions.count_states([row.id for row in rows])
        reported = [row.id for row in rows if row.kind == "reported"]
        for run_id, state in await self._executions.list_control_nodes(reported):
            counts[run_id][state] -= 1
            if not counts[run_id][state]:
                del counts[run_id][state]
        return counts

    async def _decide_end(self, row: RunRow) -> RunEnd:
        counts = (await self._executions.count_states([row.id])).get(row.id, {})
        skipped = await self._executions.count_skipped(row.id) if counts.get("canceled") else 0
        return decide_end(counts, skipped, row.stop_reason)

    async def _get_row(self, run_id: int) -> RunRow:
        row = await self._repository.find(run_id)
        if row is None:
            raise RunNotFoundError.of(run_id)
        return row

    async def _describe(self, row: RunRow) -> Run:
        counts = await self._count_hosts([row])
        return build_run(row, counts.get(row.id, {}))

    def _matches(self, digest: str | None, idempotency: Idempotency) -> bool:
        request = idempotency.request
        return digest is not None and self._sealer.matches(digest, request, "runs/idempotency")

    def _digest(self, idempotency: Idempotency) -> str:
        # Keyed, since a request may hold secrets that a plain digest would let others try out.
        return self._sealer.digest(idempotency.request, "runs/idempotency")


def _context(run_id: int) -> str:
    return f"runs/{run_id}/secrets"
