# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes have runs? Each parses, calls one method and answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from api.auth.bearer import RequestPrincipal
from api.bundles.errors import BundleTooLargeError
from api.core.errors import InvalidInputError
from api.core.paging import Page, build_page
from api.core.problem import describe_errors
from api.dependencies import RequestComposition, RequestServices
from api.executions.schemas import Execution, ExecutionQuery
from api.runs.errors import IdempotencyConflictError, RunNotFoundError
from api.runs.launcher import Launched
from api.runs.schemas import (
    InstallCreate,
    Run,
    RunCreate,
    RunQuery,
    StreamQuery,
    UninstallCreate,
)
from api.runs.service import Idempotency

router = APIRouter(tags=["runs"])

RunId = Annotated[int, Path(description="Number of the run", ge=1, le=2**63 - 1)]


async def read_idempotency(
    request: Request,
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
    return Idempotency(idempotency_key, request.url.path.encode() + b"\0" + await request.body())


RequestIdempotency = Annotated[Idempotency | None, Depends(read_idempotency)]

_LAUNCH_ANSWERS: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": Run, "description": "Started before with this key"},
    **describe_errors(InvalidInputError, IdempotencyConflictError, BundleTooLargeError),
}


@router.post(
    "/runs",
    summary="Start a run",
    operation_id="create_run",
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
    launched = await composition.run_launcher.launch(body, principal.name, idempotency)
    return _answer_launch(response, launched)


@router.post(
    "/hosts/install",
    summary="Install agents",
    operation_id="install_hosts",
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
    launched = await composition.run_launcher.launch_ssh(body, principal.name, idempotency)
    return _answer_launch(response, launched)


@router.post(
    "/hosts/uninstall",
    summary="Remove agents",
    operation_id="uninstall_hosts",
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
    launched = await composition.run_launcher.launch_ssh(body, principal.name, idempotency)
    return _answer_launch(response, launched)


@router.get("/runs", summary="List runs", operation_id="list_runs")
async def list_runs(
    request: Request, query: Annotated[RunQuery, Query()], services: RequestServices
) -> Page[Run]:
    """List runs, newest first, filtered and in pages."""
    return build_page(request.url, query, await services.runs.list_runs(query))


@router.get(
    "/runs/{run_id}",
    summary="Show a run",
    operation_id="get_run",
    responses=describe_errors(RunNotFoundError),
)
async def get_run(run_id: RunId, services: RequestServices) -> Run:
    """Return a run with the number of its executions in each state."""
    return await services.runs.get_run(run_id)


@router.get(
    "/runs/{run_id}/executions",
    summary="List a run's executions",
    operation_id="list_executions",
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


@router.post(
    "/runs/{run_id}/cancel",
    summary="Cancel a run",
    operation_id="cancel_run",
    status_code=status.HTTP_202_ACCEPTED,
    responses=describe_errors(RunNotFoundError),
)
async def cancel_run(run_id: RunId, composition: RequestComposition) -> Run:
    """Ask to cancel. What has not begun ends at once; the rest when its processes are gone."""
    return await composition.run_launcher.cancel(run_id)


@router.get(
    "/runs/{run_id}/stream",
    summary="Follow a run",
    operation_id="stream_run",
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
    run_id: RunId, query: Annotated[StreamQuery, Query()], composition: RequestComposition
) -> StreamingResponse:
    """Follow a run live as server-sent events.

    First comes the run, then all its executions, then their logs from offset 0 or from `offsets`;
    then each change as it happens. Whoever reconnects sends the offsets it has.
    """
    await composition.run_streams.get_run(run_id)
    return StreamingResponse(
        composition.run_streams.follow(run_id, query.offset_by_execution, with_log=query.log),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _answer_launch(response: Response, launched: Launched) -> Run:
    response.headers["Location"] = f"/api/v1/runs/{launched.run.id}"
    if not launched.is_new:
        response.status_code = status.HTTP_200_OK
    return launched.run
