# SPDX-License-Identifier: GPL-3.0-or-later
"""Which HTTP routes lead through an agent to its host?"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from agent_runner.protocol.methods import ID_PATTERN
from api.agents.errors import AgentError
from api.auth.permissions import CONNECT_HOSTS
from api.auth.requirements import RequestPrincipal, RequestScope, allow
from api.connections.errors import (
    AgentRefusedInputError,
    CommandGoneError,
    CommandUnknownError,
    ConnectionsBusyError,
    FileRefusedError,
    HostBusyError,
    PolicyRefusedError,
)
from api.connections.schemas import ExecPiece, ExecRequest, FileGet, FilePut, FileReceived
from api.connections.service import Caller
from api.core.problem import describe_errors
from api.dependencies import RequestComposition
from api.hosts.errors import (
    AgentFailedError,
    AgentNotInstalledError,
    HostInMaintenanceError,
    HostNotFoundError,
)

PATH = "/hosts/{name}/connection"

router = APIRouter(prefix=PATH, tags=["connections"], dependencies=[allow(CONNECT_HOSTS)])

KnownHost = Annotated[str, Path(description="Name of the host", examples=["web1"])]
CommandId = Annotated[str, Path(pattern=ID_PATTERN, description="As it was started with")]

LINES = "application/x-ndjson"
BYTES = "application/octet-stream"

_REFUSALS = (
    HostNotFoundError,
    AgentNotInstalledError,
    HostInMaintenanceError,
    PolicyRefusedError,
    AgentRefusedInputError,
    HostBusyError,
    ConnectionsBusyError,
    AgentError,
    AgentFailedError,
)
_FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "The file's bytes from `offset` on; none asks how much the host has",
        "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def get_caller(principal: RequestPrincipal, scope: RequestScope) -> Caller:
    """Return who asks, and how far that reaches."""
    return Caller(principal, scope)


RequestCaller = Annotated[Caller, Depends(get_caller)]


@router.post(
    "/exec",
    summary="Run a command on a host, of which nothing is kept",
    operation_id="connection_exec",
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "description": "A line of JSON for each piece of output, and one for the end",
            "content": {LINES: {"schema": {"type": "string"}}},
        },
        **describe_errors(*_REFUSALS, CommandGoneError, CommandUnknownError),
    },
)
async def execute(
    name: KnownHost, body: ExecRequest, caller: RequestCaller, composition: RequestComposition
) -> StreamingResponse:
    """Run a command and answer what it says while it runs, each line an `ExecPiece`.

    It is for the connection plugin: what shall be remembered is a run. Sent again with the same
    `id` it goes on from `offset`; where nobody listens for a minute it is ended.
    """
    pieces = await composition.connections.execute(name, body, caller)
    return StreamingResponse(_write_lines(pieces), media_type=LINES)


@router.delete(
    "/exec/{command_id}",
    summary="End a command",
    operation_id="connection_cancel",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=describe_errors(*_REFUSALS, CommandGoneError, CommandUnknownError),
)
async def cancel(
    name: KnownHost, command_id: CommandId, caller: RequestCaller, composition: RequestComposition
) -> None:
    """End a command that `POST .../exec` has started, with all its processes."""
    await composition.connections.cancel(name, command_id, caller)


@router.put(
    "/file",
    summary="Write a file on a host",
    operation_id="connection_put_file",
    openapi_extra=_FILE_BODY,
    responses=describe_errors(*_REFUSALS, FileRefusedError),
)
async def put_file(
    name: KnownHost,
    query: Annotated[FilePut, Query()],
    request: Request,
    caller: RequestCaller,
    composition: RequestComposition,
) -> FileReceived:
    """Write a file whole or not at all. It is passed on as it comes, and not kept here.

    After a break, an empty body with the same `id` asks how much the host has.
    """
    return await composition.connections.put_file(name, query, request.stream(), caller)


@router.get(
    "/file",
    summary="Read a file on a host",
    operation_id="connection_get_file",
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "description": "The file's bytes from `offset` on",
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
        },
        **describe_errors(*_REFUSALS, FileRefusedError),
    },
)
async def get_file(
    name: KnownHost,
    query: Annotated[FileGet, Query()],
    caller: RequestCaller,
    composition: RequestComposition,
) -> Response:
    """Send a file's bytes as they are. An answer that is shorter than it says was broken off."""
    about, data = await composition.connections.get_file(name, query, caller)
    headers = {"X-File-Version": about.version, "X-File-Mode": f"{about.mode:04o}"}
    if about.size:
        headers["Content-Length"] = str(max(0, about.size - query.offset))
    return StreamingResponse(data, media_type=BYTES, headers=headers)


async def _write_lines(pieces: AsyncIterator[ExecPiece]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece.model_dump_json(exclude_none=True).encode() + b"\n"
