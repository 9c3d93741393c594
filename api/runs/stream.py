# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run followed live? As server-sent events, from where the viewer stands, to the end.

The viewer's own offsets decide what it is sent: a slow one reads the store later, not a queue. A
round sends each log one piece at most, so that no host of a run starves the others.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent_runner.protocol.methods import MAX_PIECE_BYTES, LogType
from agent_runner.protocol.pieces import Encoding
from api.auth.scopes import Scope
from api.core.storable import MAX_INT8
from api.executions.changes import Changes, Delta
from api.executions.reader import is_log_gone, read_piece
from api.executions.schemas import Execution
from api.executions.service import ExecutionsService
from api.executions.states import END_STATES
from api.logs.store import LogStore
from api.runs.schemas import Run
from api.runs.service import RunsService

KEEP_ALIVE_S = 15.0
"""After so long without an event a comment is sent, so that proxies keep the connection."""

CHUNK_BYTES = 64 * 1024
"""From so many bytes on, events are sent before the next ones are looked for."""

_KEEP_ALIVE = b": keep-alive\n\n"


class StreamWork(Protocol):
    """A unit of work as far as following needs it."""

    @property
    def runs(self) -> RunsService:
        """The runs."""
        ...

    @property
    def executions(self) -> ExecutionsService:
        """The executions."""
        ...


class ReadRuns(Protocol):
    """Opens a unit of work that only reads, within a scope."""

    def __call__(self, *, scope: Scope) -> AbstractAsyncContextManager[StreamWork]:
        """Open it."""
        ...


_MAX_OFFSET_DIGITS = len(str(MAX_INT8)) - 1
"""Of a number of thousands Python says that it reads none."""


class StreamQuery(BaseModel):
    """From where a run is followed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    log: Annotated[bool, Field(description="false for states only")] = True
    offsets: Annotated[
        str,
        Field(
            description="Where to begin in logs that are known already: id:offset,...",
            examples=["0199b0c4-...:4096"],
            max_length=64 * 1024,
        ),
    ] = ""

    @property
    def offset_by_execution(self) -> dict[str, int]:
        """The offsets by execution."""
        pairs = (part.rpartition(":") for part in self.offsets.split(",") if part)
        return {execution_id: int(offset) for execution_id, _, offset in pairs}

    @model_validator(mode="after")
    def _check_offsets(self) -> Self:
        for part in filter(None, self.offsets.split(",")):
            execution_id, _, offset = part.rpartition(":")
            is_number = offset.isascii() and offset.isdecimal()
            if not execution_id or not is_number or len(offset) > _MAX_OFFSET_DIGITS:
                raise ValueError(f"'{part[:80]}' is not EXECUTION_ID:OFFSET")
        return self


class LogEvent(BaseModel):
    """A piece of one execution's log."""

    execution_id: str
    host: str
    offset: int
    new_offset: int
    log_type: LogType
    log_data: str
    encoding: Encoding


class RunStreams:
    """Makes streams of runs; one for the whole process."""

    def __init__(
        self,
        read_work: ReadRuns,
        logs: LogStore,
        changes: Changes,
    ) -> None:
        self._read_work = read_work
        self._logs = logs
        self._changes = changes

    async def get_run(self, run_id: int, scope: Scope) -> Run:
        """Return the run as it is now; raises as ``open``."""
        async with self._read_work(scope=scope) as work:
            return await work.runs.get_run(run_id)

    async def open(
        self, run_id: int, scope: Scope, offsets: dict[str, int], *, with_log: bool
    ) -> AsyncIterator[bytes]:
        """Return what ``follow`` yields, once it has begun.

        Raises:
            RunNotFoundError: there is none with that number within the scope.
        """
        events = self.follow(run_id, scope, offsets, with_log=with_log)
        return _resume(await anext(events), events)

    async def follow(
        self, run_id: int, scope: Scope, offsets: dict[str, int], *, with_log: bool
    ) -> AsyncGenerator[bytes]:
        """Yield the run's events; ends with its ``end``, or when this process is about to stop."""
        with self._changes.subscribe(run_id) as subscription:
            async with self._read_work(scope=scope) as work:
                run = await work.runs.get_run(run_id)
                executions = await work.executions.list_all(run_id)
            shown_only = None if scope.is_unlimited else {e.id for e in executions}
            viewer = _Viewer(run, executions, self._logs, offsets if with_log else None)
            async for chunk in _join(viewer.introduce()):
                yield chunk
            while not self._changes.closed:
                delta = await self._restrict(subscription.take(), shown_only, scope)
                if delta.run_changed:
                    viewer.run = await self.get_run(run_id, scope)
                async for chunk in _join(viewer.catch_up(delta)):
                    yield chunk
                for execution in await self._look_again(viewer.take_cut_off(), scope):
                    yield _encode("execution", execution)
                if viewer.has_seen_all:
                    yield _encode("end", viewer.run)
                    return
                if not viewer.has_unread and not await subscription.wait(KEEP_ALIVE_S):
                    yield _KEEP_ALIVE

    async def _restrict(self, delta: Delta, shown: set[str] | None, scope: Scope) -> Delta:
        """Return what a delta says of what is shown, to which what is new in the scope is added.

        Hosts of a run that was started elsewhere are learnt while it goes. ``None`` shows all.
        """
        if shown is None:
            return delta
        new = await self._look_again(delta.executions.keys() - shown, scope)
        shown |= {execution.id for execution in new}
        return delta.restrict(shown)

    async def _look_again(
        self, execution_ids: Collection[str], scope: Scope
    ) -> Sequence[Execution]:
        """Return these executions as they are now, as far as they lie within the scope."""
        if not execution_ids:
            return ()
        async with self._read_work(scope=scope) as work:
            return await work.executions.list_by_id(execution_ids)


class _Viewer:
    """What one viewer has seen of a run, and what is new to it."""

    def __init__(
        self,
        run: Run,
        executions: Sequence[Execution],
        logs: LogStore,
        offsets: dict[str, int] | None,
    ) -> None:
        """Take where the viewer stands in each log; None for one who wants no logs."""
        self.run = run
        self._executions = {execution.id: execution for execution in executions}
        self._logs = logs
        self._with_log = offsets is not None
        self._offsets = offsets or {}
        self._unread = {
            execution.id
            for execution in executions
            # What has not begun has no log, and of 10,000 hosts most have not.
            if self._with_log and execution.status != "pending"
        }
        self._held_back: set[str] = set()
        self._cut_off: list[str] = []

    @property
    def has_unread(self) -> bool:
        """Whether a log may have more for the viewer."""
        return bool(self._unread)

    @property
    def has_seen_all(self) -> bool:
        """Whether the run has ended and nothing is left to show."""
        return self.run.status in END_STATES and not self._unread

    def take_cut_off(self) -> Sequence[str]:
        """Return the executions whose logs were removed before the viewer had all of them."""
        taken, self._cut_off = self._cut_off, []
        return taken

    async def introduce(self) -> AsyncIterator[tuple[str, BaseModel]]:
        """Yield how everything stands at the beginning."""
        yield "run", self.run
        for execution in self._executions.values():
            yield "execution", execution

    async def catch_up(self, delta: Delta) -> AsyncIterator[tuple[str, BaseModel]]:
        """Yield what changed, and one piece at most of each log that may have more."""
        if delta.run_changed:
            yield "run", self.run
        for execution in self._note(delta):
            yield "execution", execution
        for execution_id in list(self._unread):
            piece = await self._read(self._executions[execution_id])
            if piece is not None:
                yield "log", piece
            if execution_id in self._held_back - self._unread:
                self._held_back.discard(execution_id)
                yield "execution", self._executions[execution_id]

    def _note(self, delta: Delta) -> Iterator[Execution]:
        """Take in what changed, and yield the executions to show now.

        An end is held back until the viewer has the whole log of that execution.
        """
        begun = delta.executions.keys() - self._executions.keys()
        self._executions |= delta.executions
        if self._with_log:
            ended = {id_ for id_, new in delta.executions.items() if new.status in END_STATES}
            complete = {id_ for id_ in ended if self._has_all(delta.executions[id_])}
            self._held_back |= ended - complete
            # Of a log whose execution is not known yet, that one will be told of.
            grown = (delta.grown_logs & self._executions.keys()) | begun
            self._unread |= (grown | ended) - complete
        for execution in delta.executions.values():
            if execution.id not in self._held_back:
                yield execution

    def _has_all(self, ended: Execution) -> bool:
        """Say whether the viewer has the whole log of an execution that has ended."""
        is_read = ended.id not in self._unread and ended.id not in self._held_back
        return is_read and self._offsets.get(ended.id, 0) == ended.log_bytes

    async def _read(self, execution: Execution) -> LogEvent | None:
        """Read the next piece; a log that has no more for now leaves the unread ones."""
        offset = self._offsets.get(execution.id, 0)
        has_ended = execution.status in END_STATES
        piece = await read_piece(
            self._logs, execution.id, offset, MAX_PIECE_BYTES, has_ended=has_ended
        )
        if piece.new_offset == offset or piece.new_offset >= piece.size:
            self._unread.discard(execution.id)
        if piece.new_offset == offset:
            if execution.log_removed_at is None and is_log_gone(execution, offset):
                self._cut_off.append(execution.id)
            return None
        self._offsets[execution.id] = piece.new_offset
        return LogEvent(
            execution_id=execution.id,
            host=execution.host,
            **piece.model_dump(exclude={"size", "is_final"}),
        )


async def _resume(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk


async def _join(events: AsyncIterator[tuple[str, BaseModel]]) -> AsyncIterator[bytes]:
    """Encode events, and send together what is there together: each sending costs its own."""
    chunk = bytearray()
    async for name, shown in events:
        chunk += _encode(name, shown)
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _encode(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()
