# SPDX-License-Identifier: GPL-3.0-or-later
"""How are an execution's log and events read while they grow? By offset, waiting for the next.

Reading waits for a change and not for a moment: whoever waits costs one entry in ``Changes``.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from agent_runner.protocol.methods import MAX_PIECE_BYTES, MIN_PIECE_BYTES
from agent_runner.protocol.pieces import encode_piece
from api.auth.scopes import Scope
from api.core.clock import Clock
from api.executions.changes import Changes, Subscription
from api.executions.errors import EventsRemovedError, LogRemovedError
from api.executions.schemas import (
    EventsOut,
    EventsQuery,
    Execution,
    LogPieceOut,
    LogPiecesOut,
    LogQuery,
)
from api.executions.service import ExecutionsService
from api.executions.states import END_STATES
from api.logs.store import LogStore

MAX_PIECES = 256
"""The most pieces in one answer: of a program whose lines alternate between the two types."""


class ExecutionsUnit(Protocol):
    """A unit of work as far as reading needs it."""

    @property
    def executions(self) -> ExecutionsService:
        """The executions' service."""
        ...


class ReadExecutions(Protocol):
    """Opens a unit of work that only reads, within a scope."""

    def __call__(self, *, scope: Scope) -> AbstractAsyncContextManager[ExecutionsUnit]:
        """Open it."""
        ...


class ExecutionReader:
    """Reads executions, live; one for the whole process."""

    def __init__(
        self,
        read_unit: ReadExecutions,
        logs: LogStore,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._read_unit = read_unit
        self._logs = logs
        self._changes = changes
        self._clock = clock

    async def get_execution(self, execution_id: str, scope: Scope) -> Execution:
        """Return the execution as it is now.

        Raises:
            ExecutionNotFoundError: there is none with that id within the scope.
        """
        async with self._read_unit(scope=scope) as unit:
            return await unit.executions.get_execution(execution_id)

    async def read_log(self, execution_id: str, query: LogQuery, scope: Scope) -> LogPieceOut:
        """Read a piece of the log, waiting up to ``wait_s`` for the first byte of it.

        Raises:
            ExecutionNotFoundError: there is none with that id.
            LogRemovedError: the log, or what of it was asked for, is not there any more.
        """
        return (await self._read_first(execution_id, query, scope))[0]

    async def read_pieces(self, execution_id: str, query: LogQuery, scope: Scope) -> LogPiecesOut:
        """Read what follows on ``offset`` of both types, waiting as ``read_log`` does.

        Raises:
            ExecutionNotFoundError: there is none with that id.
            LogRemovedError: the log, or what of it was asked for, is not there any more.
        """
        piece, has_ended = await self._read_first(execution_id, query, scope)
        pieces = []
        end = query.offset + query.limit
        while piece.new_offset > piece.offset:
            pieces.append(piece)
            left = end - piece.new_offset
            if len(pieces) == MAX_PIECES or left < MIN_PIECE_BYTES or piece.is_final:
                break
            piece = await read_piece(
                self._logs, execution_id, piece.new_offset, left, has_ended=has_ended
            )
        return LogPiecesOut(
            pieces=pieces,
            new_offset=piece.new_offset,
            size=piece.size,
            is_final=piece.is_final,
        )

    async def _read_first(
        self, execution_id: str, query: LogQuery, scope: Scope
    ) -> tuple[LogPieceOut, bool]:
        """Read a piece, waiting for its first byte; say, too, whether the execution has ended."""
        deadline = self._clock.monotonic() + query.wait_s
        with self._changes.subscribe(execution_id) as subscription:
            while True:
                subscription.take()
                execution = await self.get_execution(execution_id, scope)
                has_ended = execution.status in END_STATES
                piece = await read_piece(
                    self._logs,
                    execution_id,
                    query.offset,
                    query.limit,
                    has_ended=has_ended,
                )
                if piece.new_offset > query.offset:
                    return piece, has_ended
                if is_log_gone(execution, query.offset):
                    raise LogRemovedError.of(
                        execution.host, execution.log_bytes, execution.log_removed_at
                    )
                if piece.is_final or not await self._wait(subscription, deadline):
                    return piece, has_ended

    async def read_events(self, execution_id: str, query: EventsQuery, scope: Scope) -> EventsOut:
        """Read events, waiting up to ``wait_s`` for the first one.

        Raises:
            ExecutionNotFoundError: there is none with that id.
            EventsRemovedError: some that should follow are not there any more.
        """
        deadline = self._clock.monotonic() + query.wait_s
        with self._changes.subscribe(execution_id) as subscription:
            while True:
                subscription.take()
                async with self._read_unit(scope=scope) as unit:
                    execution = await unit.executions.get_execution(execution_id)
                    events = await unit.executions.list_events(
                        execution_id, query.after, query.limit
                    )
                    answer = _build_events(query, events, execution)
                    is_cut_off = answer.is_final and await unit.executions.has_events_behind(
                        execution_id, answer.last
                    )
                if is_cut_off:
                    raise EventsRemovedError.of(execution.host, execution.events_removed_at)
                if answer.events or answer.is_final:
                    return answer
                if not await self._wait(subscription, deadline):
                    return answer

    async def open_log(self, execution_id: str, scope: Scope) -> AsyncIterator[bytes]:
        """Return what yields the bytes of both types that are stored by now, in order.

        A log that is removed meanwhile breaks off with ``LogRemovedError``, so that nobody takes a
        part for the whole.

        Raises:
            ExecutionNotFoundError: there is none with that id.
            LogRemovedError: the log is not there any more.
        """
        execution = await self.get_execution(execution_id, scope)
        size = await self._logs.size(execution_id)
        if is_log_gone(execution, size):
            raise LogRemovedError.of(execution.host, execution.log_bytes, execution.log_removed_at)
        return self._iterate_log(execution, size)

    async def _iterate_log(self, execution: Execution, size: int) -> AsyncIterator[bytes]:
        offset = 0
        while offset < size:
            limit = min(MAX_PIECE_BYTES, size - offset)
            data = await self._logs.read_bytes(execution.id, offset, limit)
            if not data:
                raise LogRemovedError.of(execution.host, size, None)
            yield data
            offset += len(data)

    async def _wait(self, subscription: Subscription, deadline: float) -> bool:
        """Wait for a change until the deadline; return whether reading again may bring more."""
        left_s = deadline - self._clock.monotonic()
        return left_s > 0 and await subscription.wait(left_s)


def is_log_gone(execution: Execution, offset: int) -> bool:
    """Say whether there was a log behind ``offset``, where nothing could be read.

    Its bytes are counted when it ends, and stay counted when they are removed.
    """
    return execution.status in END_STATES and offset < execution.log_bytes


async def read_piece(
    logs: LogStore, execution_id: str, offset: int, limit: int, *, has_ended: bool
) -> LogPieceOut:
    """Read what is stored at ``offset`` in the form that JSON can carry."""
    log_type, data, size = await logs.read(execution_id, offset, limit)
    end = offset + len(data)
    # Whether a character that is not finished at the end of data may go on behind it: not where
    # another type begins there, and not at the end of all.
    more_may_follow = len(data) == limit or (end >= size and not has_ended)
    piece = encode_piece(data, more_may_follow=more_may_follow)
    new_offset = offset + piece.length
    return LogPieceOut(
        log_data=piece.text,
        log_type=log_type,
        encoding=piece.encoding,
        offset=offset,
        new_offset=new_offset,
        size=size,
        is_final=has_ended and new_offset >= size,
    )


def _build_events(
    query: EventsQuery, events: Sequence[dict[str, Any]], execution: Execution
) -> EventsOut:
    last = events[-1]["counter"] if events else query.after
    # Fewer than asked for is all there is; when it has ended nothing comes behind them.
    is_final = execution.status in END_STATES and len(events) < query.limit
    return EventsOut(events=list(events), last=last, is_final=is_final)
