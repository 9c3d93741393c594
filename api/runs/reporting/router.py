# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes has whoever reports a run that was started elsewhere? Open, go on, end."""

from fastapi import APIRouter, Response, status

from api.auth.permissions import REPORT_RUNS
from api.auth.requirements import RequestPrincipal, allow
from api.core.problem import describe_errors
from api.dependencies import RequestComposition
from api.runs.errors import (
    IdempotencyConflictError,
    ReportGapError,
    ReportTooLargeError,
    RunEndedError,
    RunNotFoundError,
    RunNotReportedError,
)
from api.runs.reporting.schemas import Report, ReportedEnd, ReportedRunCreate, ReportTaken
from api.runs.router import RequestIdempotency, RunId, answer_launch
from api.runs.schemas import Run

router = APIRouter(prefix="/runs", tags=["runs"])


@router.post(
    "/reported",
    summary="Open a reported run",
    operation_id="open_reported_run",
    dependencies=[allow(REPORT_RUNS)],
    status_code=status.HTTP_201_CREATED,
    responses={
        status.HTTP_200_OK: {"model": Run, "description": "Opened before with this key"},
        **describe_errors(IdempotencyConflictError),
    },
)
async def open_reported_run(
    body: ReportedRunCreate,
    response: Response,
    principal: RequestPrincipal,
    idempotency: RequestIdempotency,
    composition: RequestComposition,
) -> Run:
    """Open a run that was started elsewhere, of kind `reported`; whoever opens it reports it.

    It has an execution named `control node` for its whole log, and one for each host that is told
    of. It is given up as lost when nothing is reported for as long as the answers to reports say.
    """
    launched = await composition.report_intake.open_run(body, principal, idempotency)
    return answer_launch(response, launched)


@router.post(
    "/{run_id}/report",
    summary="Report how a run goes on",
    operation_id="report_run",
    dependencies=[allow(REPORT_RUNS)],
    responses=describe_errors(
        RunNotFoundError, RunNotReportedError, RunEndedError, ReportGapError, ReportTooLargeError
    ),
)
async def report_run(
    run_id: RunId, body: Report, principal: RequestPrincipal, composition: RequestComposition
) -> ReportTaken:
    """Append to the log and events of a reported run.

    Pieces of the log go by their offsets, events by their counters: what was sent before changes
    nothing. An empty report says that whoever reports is still there.
    """
    return await composition.report_intake.take(run_id, body, principal)


@router.post(
    "/{run_id}/report/end",
    summary="End a reported run",
    operation_id="end_reported_run",
    dependencies=[allow(REPORT_RUNS)],
    responses=describe_errors(RunNotFoundError, RunNotReportedError, RunEndedError),
)
async def end_reported_run(
    run_id: RunId, body: ReportedEnd, principal: RequestPrincipal, composition: RequestComposition
) -> Run:
    """End a reported run with what was counted on each host; once more, it answers the same."""
    return await composition.report_intake.end_run(run_id, body, principal)
