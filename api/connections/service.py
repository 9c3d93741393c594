# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a command or a file get through the control plane to one host, without being kept here?

What comes goes on at once, piece by piece; what is told of it is one entry in the audit. Commands
and transfers have ids of who asks, so that an answer which was lost can be asked for again.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.files import (
    MAX_FILE_PIECE_BYTES,
    GetFileParams,
    GetFileResult,
    PutFileParams,
)
from api.agents.calls import (
    CANCEL_COMMAND,
    EXECUTE_COMMAND,
    GET_COMMAND_LOG,
    GET_FILE,
    PUT_FILE,
    AgentCalls,
    Endpoint,
    Method,
    P,
    R,
)
from api.audit.service import AuditService
from api.auth.principals import Principal
from api.auth.scopes import EVERYTHING, Scope
from api.connections.errors import translate
from api.connections.schemas import (
    ExecPiece,
    ExecRequest,
    FileGet,
    FilePut,
    FileReceived,
    describe_end,
)
from api.connections.slots import Slots
from api.core.errors import MyxError
from api.hosts.agents import HostAgentService

BEAT_S = 15.0
"""A command that says nothing is heard of so often: below what proxies wait."""

T = TypeVar("T")


class ConnectionWork(Protocol):
    """A unit of work that has the hosts' agents and the audit in it."""

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenConnectionWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, scope: Scope = EVERYTHING) -> AbstractAsyncContextManager[ConnectionWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Caller(NamedTuple):
    """Who asks, and how far that reaches."""

    principal: Principal
    scope: Scope


class FileStream(NamedTuple):
    """A file under way: what its first piece said, and all its bytes."""

    about: GetFileResult
    data: AsyncIterator[bytes]


class ConnectionService:
    """Passes commands and files on to agents; lives as long as the process."""

    def __init__(self, open_work: OpenConnectionWork, agents: AgentCalls, slots: Slots) -> None:
        self._open_work = open_work
        self._agents = agents
        self._slots = slots

    async def execute(
        self, name: str, request: ExecRequest, caller: Caller
    ) -> AsyncIterator[ExecPiece]:
        """Start a command, or find the one with that id, and return what it says, to its end.

        Raises:
            MyxError: it cannot be started there.
        """
        endpoint = await self._open(name, "connection_exec", {"id": request.id}, caller)
        return await _begin(self._execute(endpoint, request, caller))

    async def cancel(self, name: str, command_id: str, caller: Caller) -> None:
        """End a command.

        Raises:
            MyxError: it cannot be ended there.
        """
        endpoint = await self._open(name, "connection_cancel", {"id": command_id}, caller)
        params = wire.CancelCommandParams(
            command_id=_make_id(caller, command_id),
            principal=caller.principal.name,
            reason="canceled by who started it",
        )
        await self._call(endpoint, CANCEL_COMMAND, params)

    async def put_file(
        self, name: str, query: FilePut, body: AsyncIterator[bytes], caller: Caller
    ) -> FileReceived:
        """Pass a file on, or the rest of one; an empty body asks how much the host has.

        Raises:
            MyxError: it cannot be written there.
        """
        endpoint = await self._open(name, "connection_put_file", {"path": query.path}, caller)
        async with self._slots.take(endpoint.host_id or 0):
            return await self._send(endpoint, query, body, caller)

    async def get_file(self, name: str, query: FileGet, caller: Caller) -> FileStream:
        """Read a file from an offset on.

        Raises:
            MyxError: it cannot be read there.
        """
        endpoint = await self._open(name, "connection_get_file", {"path": query.path}, caller)
        pieces = self._read(endpoint, query, caller)
        about = await anext(pieces)
        return FileStream(about, _take_data(about, pieces))

    async def _open(
        self, name: str, action: str, details: Mapping[str, Any], caller: Caller
    ) -> Endpoint:
        """Find the host's agent, and tell the audit who uses it."""
        # A grant for some playbooks would be worth nothing beside the right to do anything.
        async with self._open_work(scope=caller.scope.without_templates()) as work:
            endpoint = await work.host_agents.find_connection(name)
            await work.audit.record(action, "hosts", name, details)
            return endpoint

    async def _execute(
        self, endpoint: Endpoint, request: ExecRequest, caller: Caller
    ) -> AsyncIterator[ExecPiece]:
        command_id = _make_id(caller, request.id)
        params = wire.ExecuteCommandParams(
            command=request.command[0],
            args=request.command[1:],
            command_id=command_id,
            stdin=request.stdin,
            timeout=request.timeout_s,
            user=request.user,
            principal=caller.principal.name,
            keep=False,
        )
        async with self._slots.take(endpoint.host_id or 0):
            await self._call(endpoint, EXECUTE_COMMAND, params)
            yield ExecPiece()
            try:
                async for piece in self._follow(endpoint, command_id, request.offset):
                    yield piece
            except MyxError as error:
                yield ExecPiece(error=error.message, code=error.code)

    async def _follow(
        self, endpoint: Endpoint, command_id: str, offset: int
    ) -> AsyncIterator[ExecPiece]:
        is_final = False
        while not is_final:
            read = await self._call(
                endpoint,
                GET_COMMAND_LOG,
                wire.GetCommandLogParams(command_id=command_id, offset=offset, wait_s=BEAT_S),
            )
            offset, is_final = read.new_offset, read.is_final
            if read.log_data:
                yield ExecPiece(
                    type=read.log_type,
                    encoding=read.encoding,
                    data=read.log_data,
                    new_offset=read.new_offset,
                )
            elif not is_final:
                yield ExecPiece()
            if read.result is not None:
                yield describe_end(read.result)

    async def _send(
        self, endpoint: Endpoint, query: FilePut, body: AsyncIterator[bytes], caller: Caller
    ) -> FileReceived:
        """Send piece after piece; the next one comes in while one goes out."""
        first = PutFileParams(
            path=query.path,
            transfer_id=_make_id(caller, query.id),
            size=query.size,
            sha256=query.sha256,
            offset=query.offset,
            mode=None if query.mode is None else int(query.mode, 8),
            user=query.user,
            principal=caller.principal.name,
        )
        sending: asyncio.Task[FileReceived] | None = None
        offset = query.offset
        try:
            async for data in _gather(body):
                if sending is not None and (await sending).received != offset:
                    continue  # what is behind a gap is only taken off the line
                sending = asyncio.create_task(self._send_piece(endpoint, first, offset, data))
                offset += len(data)
            return await (sending or self._send_piece(endpoint, first, offset, b""))
        finally:
            if sending is not None and not sending.done():
                sending.cancel()
                with suppress(asyncio.CancelledError, MyxError):
                    await sending

    async def _send_piece(
        self, endpoint: Endpoint, first: PutFileParams, offset: int, data: bytes
    ) -> FileReceived:
        params = msgspec.structs.replace(first, offset=offset, data=data)
        answer = await self._call(endpoint, PUT_FILE, params)
        return FileReceived(
            received=answer.received, complete=answer.complete, changed=answer.changed
        )

    async def _read(
        self, endpoint: Endpoint, query: FileGet, caller: Caller
    ) -> AsyncIterator[GetFileResult]:
        """Read piece after piece; the next one is on its way while one is handed on."""
        offset, version = query.offset, query.version

        def ask() -> "asyncio.Task[GetFileResult]":
            params = GetFileParams(
                path=query.path,
                offset=offset,
                version=version,
                follow=query.follow,
                user=query.user,
                principal=caller.principal.name,
            )
            return asyncio.create_task(self._call(endpoint, GET_FILE, params))

        async with self._slots.take(endpoint.host_id or 0):
            coming: asyncio.Task[GetFileResult] | None = ask()
            try:
                while coming is not None:
                    piece = await coming
                    offset, version = offset + len(piece.data), piece.version
                    has_more = piece.data and (offset < piece.size or piece.size == 0)
                    coming = ask() if has_more else None
                    yield piece
            finally:
                if coming is not None:
                    coming.cancel()
                    with suppress(asyncio.CancelledError, MyxError):
                        await coming

    async def _call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        try:
            return await self._agents.call(endpoint, method, params)
        except RpcError as error:
            raise translate(endpoint.host, error) from error


async def _begin(pieces: AsyncIterator[T]) -> AsyncIterator[T]:
    """Wait for the first piece, so that what refuses it is refused before the answer begins."""
    return _chain(await anext(pieces), pieces)


async def _chain(first: T, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
    async with aclosing(pieces):  # type: ignore[type-var]  # they are generators
        yield first
        async for piece in pieces:
            yield piece


async def _take_data(
    about: GetFileResult, pieces: AsyncIterator[GetFileResult]
) -> AsyncIterator[bytes]:
    async for piece in _chain(about, pieces):
        yield piece.data


async def _gather(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Make pieces of the size that agents take."""
    gathered = bytearray()
    async for chunk in body:
        gathered += chunk
        while len(gathered) >= MAX_FILE_PIECE_BYTES:
            yield bytes(memoryview(gathered)[:MAX_FILE_PIECE_BYTES])
            del gathered[:MAX_FILE_PIECE_BYTES]
    if gathered:
        yield bytes(gathered)


def _make_id(caller: Caller, given: str) -> str:
    """Make the id that the host knows: nobody can name the commands of others, or of runs."""
    digest = hashlib.sha256(f"{caller.principal.name}\0{given}".encode()).hexdigest()
    return f"connection-{digest[:40]}"
