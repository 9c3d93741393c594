# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have runs? Each parses, calls one method and answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from api.audit.origin import get_origin
from api.auth.permissions import CANCEL_RUNS, INSTALL_AGENTS, READ_RUNS, START_RUNS
from api.auth.requirements import RequestPrincipal, RequestScope, allow
from api.bundles.errors import BundleTooLargeError
from api.core.errors import InvalidInputError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.core.storable import MAX_INT4
from api.dependencies import RequestComposition, RequestServices
from api.executions.schemas import Execution, ExecutionQuery
from api.executions.tasks import RunTasks, TasksQuery
from api.runs.errors import (
    IdempotencyConflictError,
    NothingToRetryError,
    RunEndedError,
    RunNotEndedError,
    RunNotFoundError,
    RunReportedError,
    SecretsForgottenError,
)
from api.runs.launcher import Launched
from api.runs.orders import Idempotency
from api.runs.rollout.preview import Preview
from api.runs.schemas import InstallCreate, Run, RunCreate, RunDetail, RunQuery, UninstallCreate
from api.runs.stream import StreamQuery

router = APIRouter(tags=["runs"])

TRIGGER_KEYS = ("schedule/", "webhook/")
"""How the keys begin under which schedules and webhooks start runs; nobody may take them away."""

RunId = Annotated[int, Path(description="Number of the run", ge=1, le=MAX_INT4)]


async def read_idempotency(
    request: Request,
    principal: RequestPrincipal,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="The same key with the same body starts nothing twice: the same run is "
            "answered, with 200",
        ),
    ] = None,
) -> Idempotency | None:
    """Read the key of a request, and what it stands for."""
    if idempotency_key is None:
        return None
    if idempotency_key.startswith(TRIGGER_KEYS):
        raise InvalidInputError(
            "Idempotency-Key: keys that begin so are the control plane's own; choose another one."
        )
    asked = f"{principal.name}\0{request.url.path}\0".encode()
    return Idempotency(idempotency_key, asked + await request.body())


RequestIdempotency = Annotated[Idempotency | None, Depends(read_idempotency)]

_LAUNCH_ANSWERS: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": Run, "description": "Started before with this key"},
    **describe_errors(InvalidInputError, IdempotencyConflictError, BundleTooLargeError),
}


@router.post(
    "/runs",
    summary="Start a run",
    operation_id="create_run",
    dependencies=[allow(START_RUNS)],
    status_code=status.HTTP_201_CREATED,
    responses=_LAUNCH_ANSWERS,
)
async def create_run(
    body: RunCreate,
    response: Response,
    principal: RequestPrincipal,
    idempotency: RequestIdempotency,
    composition: RequestComposition,
) -> Run:
    """Run a playbook, a command or a script on all hosts that it names."""
    launched = await composition.run_launcher.launch(body, principal, idempotency)
    return answer_launch(response, launched)


@router.post(
    "/runs/preview",
    summary="Preview a run",
    operation_id="preview_run",
    dependencies=[allow(START_RUNS)],
    responses=describe_errors(InvalidInputError, BundleTooLargeError),
)
async def preview_run(
    body: RunCreate, principal: RequestPrincipal, composition: RequestComposition
) -> Preview:
    """Say on which hosts and in which waves a run would go, without starting it."""
    preview = await composition.run_launcher.preview(body, principal)
    get_origin().told.append("preview_run")  # forms ask as people type, and it changes nothing
    return preview


@router.post(
    "/hosts/install",
    summary="Install agents",
    operation_id="install_hosts",
    dependencies=[allow(INSTALL_AGENTS)],
    status_code=status.HTTP_201_CREATED,
    responses=_LAUNCH_ANSWERS,
)
async def install_hosts(
    body: InstallCreate,
    response: Response,
    principal: RequestPrincipal,
    idempotency: RequestIdempotency,
    composition: RequestComposition,
) -> Run:
    """Install or upgrade the agent of hosts over SSH, as a run of kind `install`."""
    launched = await composition.run_launcher.launch_ssh(body, principal, idempotency)
    return answer_launch(response, launched)


@router.post(
    "/hosts/uninstall",
    summary="Remove agents",
    operation_id="uninstall_hosts",
    dependencies=[allow(INSTALL_AGENTS)],
    status_code=status.HTTP_201_CREATED,
    responses=_LAUNCH_ANSWERS,
)
async def uninstall_hosts(
    body: UninstallCreate,
    response: Response,
    principal: RequestPrincipal,
    idempotency: RequestIdempotency,
    composition: RequestComposition,
) -> Run:
    """Remove the agent of hosts over SSH, as a run of kind `uninstall`."""
    launched = await composition.run_launcher.launch_ssh(body, principal, idempotency)
    return answer_launch(response, launched)


@router.get("/runs", summary="List runs", operation_id="list_runs", dependencies=[allow(READ_RUNS)])
async def list_runs(
    request: Request, query: Annotated[RunQuery, Query()], services: RequestServices
) -> Page[Run]:
    """List runs, newest first, filtered and in pages."""
    return build_page(request.url, query, await services.runs.list_runs(query))


@router.get(
    "/runs/{run_id}",
    summary="Show a run",
    operation_id="get_run",
    dependencies=[allow(READ_RUNS)],
    responses=describe_errors(RunNotFoundError),
)
async def get_run(run_id: RunId, services: RequestServices) -> RunDetail:
    """Return a run with the number of its executions in each state, over all and by wave."""
    return await services.runs.get_detail(run_id)


@router.get(
    "/runs/{run_id}/executions",
    summary="List a run's executions",
    operation_id="list_executions",
    dependencies=[allow(READ_RUNS)],
    responses=describe_errors(RunNotFoundError),
)
async def list_executions(
    run_id: RunId,
    request: Request,
    query: Annotated[ExecutionQuery, Query()],
    services: RequestServices,
) -> Page[Execution]:
    """List what the run does on each host, filtered, sorted and in pages."""
    return build_page(request.url, query, await services.runs.list_executions(run_id, query))


@router.get(
    "/runs/{run_id}/tasks",
    summary="List tasks by host",
    operation_id="list_tasks",
    dependencies=[allow(READ_RUNS)],
    responses=describe_errors(RunNotFoundError),
)
async def list_tasks(
    run_id: RunId, query: Annotated[TasksQuery, Query()], services: RequestServices
) -> RunTasks:
    """Tell how tasks stand on some hosts of the run, behind the last event known of each.

    The result of a task are the execution's events from `first` to `counter`.
    """
    return await services.runs.list_steps(run_id, query)


@router.post(
    "/runs/{run_id}/cancel",
    summary="Cancel a run",
    operation_id="cancel_run",
    dependencies=[allow(CANCEL_RUNS)],
    status_code=status.HTTP_202_ACCEPTED,
    responses=describe_errors(RunNotFoundError, RunReportedError),
)
async def cancel_run(
    run_id: RunId, composition: RequestComposition, principal: RequestPrincipal
) -> Run:
    """Ask to cancel. What has not begun ends at once; the rest when its processes are gone."""
    return await composition.run_launcher.cancel(run_id, principal)


@router.post(
    "/runs/{run_id}/pause",
    summary="Pause a run",
    operation_id="pause_run",
    dependencies=[allow(CANCEL_RUNS)],
    status_code=status.HTTP_202_ACCEPTED,
    responses=describe_errors(RunNotFoundError, RunEndedError, RunReportedError),
)
async def pause_run(
    run_id: RunId, principal: RequestPrincipal, composition: RequestComposition
) -> Run:
    """Let nothing new start. What runs goes on, and the run until somebody resumes it."""
    return await composition.run_steering.pause(run_id, principal)


@router.post(
    "/runs/{run_id}/resume",
    summary="Resume a run",
    operation_id="resume_run",
    dependencies=[allow(CANCEL_RUNS)],
    status_code=status.HTTP_202_ACCEPTED,
    responses=describe_errors(RunNotFoundError, RunEndedError, RunReportedError),
)
async def resume_run(
    run_id: RunId, principal: RequestPrincipal, composition: RequestComposition
) -> Run:
    """Let a paused run go on."""
    return await composition.run_steering.resume(run_id, principal)


@router.post(
    "/runs/{run_id}/retry",
    summary="Try a run again",
    operation_id="retry_run",
    dependencies=[allow(START_RUNS)],
    status_code=status.HTTP_201_CREATED,
    responses={
        **_LAUNCH_ANSWERS,
        **describe_errors(
            RunNotFoundError,
            RunNotEndedError,
            NothingToRetryError,
            SecretsForgottenError,
            IdempotencyConflictError,
            RunReportedError,
        ),
    },
)
async def retry_run(
    run_id: RunId,
    response: Response,
    principal: RequestPrincipal,
    idempotency: RequestIdempotency,
    composition: RequestComposition,
) -> Run:
    """Start a new run for the hosts on which this one did not succeed or did not start.

    It does the same, with the same content, variables and rollout, and names this one in
    `retry_of`.
    """
    launched = await composition.run_steering.retry(run_id, principal, idempotency)
    return answer_launch(response, launched)


@router.get(
    "/runs/{run_id}/stream",
    summary="Follow a run",
    operation_id="stream_run",
    dependencies=[allow(READ_RUNS)],
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "content": {"text/event-stream": {}},
            "description": "Events `run`, `execution` and `log`, and at last `end`",
        },
        **describe_errors(RunNotFoundError),
    },
)
async def stream_run(
    run_id: RunId,
    query: Annotated[StreamQuery, Query()],
    composition: RequestComposition,
    scope: RequestScope,
) -> StreamingResponse:
    """Follow a run live as server-sent events.

    First comes the run, then all its executions, then their logs from offset 0 or from `offsets`;
    then each change as it happens. Whoever reconnects sends the offsets it has.
    """
    return StreamingResponse(
        await composition.run_streams.open(
            run_id, scope, query.offset_by_execution, with_log=query.log
        ),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def answer_launch(response: Response, launched: Launched) -> Run:
    """Answer 201 for a run that is new, 200 for one that was there."""
    response.headers["Location"] = f"/api/v1/runs/{launched.run.id}"
    if not launched.is_new:
        response.status_code = status.HTTP_200_OK
    return launched.run
