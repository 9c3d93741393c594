# SPDX-License-Identifier: GPL-3.0-or-later
"""How does what is reported get in? Each report may come twice, and does its work once.

Events are written under their numbers and the log at its offsets, so that what came before changes
nothing. Events go first, in one transaction that also learns of hosts; then the log.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.audit.origin import get_origin
from api.audit.service import AuditService
from api.auth.principals import Principal
from api.executions.changes import Changes
from api.executions.schemas import Execution
from api.executions.states import CONTROL_NODE, END_STATES
from api.logs.errors import LogGapError
from api.logs.store import LogStore
from api.runs.errors import ReportGapError, ReportTooLargeError
from api.runs.launcher import Launched, Workflows
from api.runs.orders import Idempotency
from api.runs.reporting.schemas import (
    MAX_LOG_BYTES,
    Report,
    ReportedEnd,
    ReportedLog,
    ReportedRunCreate,
    ReportTaken,
)
from api.runs.reporting.service import ReportingService, Taken
from api.runs.schemas import Run
from api.runs.service import RunsService


class ReportingWork(Protocol):
    """A unit of work as far as reports need it."""

    @property
    def runs(self) -> RunsService:
        """The runs."""
        ...

    @property
    def reporting(self) -> ReportingService:
        """The reported runs."""
        ...

    @property
    def audit(self) -> AuditService:
        """Who did what."""
        ...


class OpenReportingWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[ReportingWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class ReportIntake:
    """Takes reports; one for the whole process."""

    def __init__(
        self,
        open_work: OpenReportingWork,
        logs: LogStore,
        changes: Changes,
        workflows: Workflows,
        lost_after_s: float,
    ) -> None:
        self._open_work = open_work
        self._logs = logs
        self._changes = changes
        self._workflows = workflows
        self._lost_after_s = lost_after_s

    async def open_run(
        self, body: ReportedRunCreate, principal: Principal, idempotency: Idempotency | None
    ) -> Launched:
        """Open a run that was started elsewhere; say whether it is new.

        Raises:
            IdempotencyConflictError: the key was used for another request.
        """
        async with self._open_work() as work:
            repeated = idempotency and await work.runs.find_repeated(idempotency)
            if repeated:
                return Launched(repeated, is_new=False)
            run = await work.reporting.open_run(body, principal.name, idempotency)
            told = {"name": run.name, "reported_from": run.reported_from, "job": run.job}
            await work.audit.record("open_reported_run", "runs", run.id, told)
        await self._workflows.start(run.id)
        return Launched(run, is_new=True)

    async def take(self, run_id: int, report: Report, principal: Principal) -> ReportTaken:
        """Write down how a run goes on.

        Raises:
            RunNotFoundError, RunNotReportedError: it is no reported run.
            PermissionDeniedError: somebody else reports it.
            RunEndedError: it has ended, maybe since nobody was heard of for too long.
            ReportGapError: a piece of a log would leave a hole.
            ReportTooLargeError: more than is taken of one run.
        """
        _check_sizes(report)
        async with self._open_work() as work:
            taken = await work.reporting.take(run_id, report.events, principal.name)
        # The opening and the end are told; each piece would bury all else.
        get_origin().told.append("report_run")
        self._tell(taken, report)
        for piece in report.log:
            await self._append(taken.executions[CONTROL_NODE], piece)
        return ReportTaken(run_id=run_id, status=taken.run.status, lost_after_s=self._lost_after_s)

    async def end_run(self, run_id: int, body: ReportedEnd, principal: Principal) -> Run:
        """End a run as its reporter says; once more, it answers the same.

        Raises:
            RunEndedError: it had been given up as lost before.
            RunNotFoundError, RunNotReportedError, PermissionDeniedError: as ``take``.
        """
        async with self._open_work(read_only=True) as work:
            run = await work.runs.get_run(run_id)
            if run.status in END_STATES and run.reason_code == "reported":
                return run
            await work.reporting.require_open(run_id, principal.name)
            control_node = await work.reporting.get_control_node(run_id)
        await self._logs.seal(control_node.id)
        async with self._open_work() as work:
            run, ended = await work.reporting.end_run(run_id, body, principal.name)
            await work.audit.record("end_reported_run", "runs", run_id, {"status": body.status})
        for execution in ended:
            self._changes.publish_execution(execution)
        self._changes.publish_run(run_id)
        self._workflows.look_again(run_id)
        return run

    def _tell(self, taken: Taken, report: Report) -> None:
        """Tell those who look on what was written down."""
        for execution in taken.begun:
            self._changes.publish_execution(execution)
        if taken.begun:
            self._changes.publish_run(taken.run.id)
        if report.events:
            for execution in taken.executions.values():
                self._changes.publish_events(execution.id)

    async def _append(self, execution: Execution, piece: ReportedLog) -> None:
        data = piece.data.encode()
        if not data:
            return
        try:
            await self._logs.append(execution.id, piece.offset, piece.log_type, data)
        except LogGapError as error:
            raise ReportGapError(error.message) from error
        self._changes.publish_log(execution.run_id, execution.id)


def _check_sizes(report: Report) -> None:
    for piece in report.log:
        if piece.offset + len(piece.data.encode()) > MAX_LOG_BYTES:
            raise ReportTooLargeError(
                f"A reported log has at most {MAX_LOG_BYTES // 1024 // 1024} MiB."
            )
