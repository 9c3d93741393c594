# SPDX-License-Identifier: GPL-3.0-or-later
"""How do logs lie in PostgreSQL? As rows that follow each other, which every replica reads.

A piece is stored by one statement that looks for the stored end and adds the row only where it
begins right there, so two replicas that follow the same execution leave neither a hole nor an
overlap. Appends of many executions that wait at the same time are one statement. They are
committed without waiting for the disk where the host keeps its log until it is told that ours is
safe: ``seal`` waits, and joins small pieces to larger ones.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent_runner.protocol.methods import LogType
from api.logs.errors import LogStorageError
from api.logs.gathering import Gathering
from api.logs.joining import JOINED_BYTES, join_chunks
from api.logs.store import LogPiece, find_new_part

MAX_BATCH = 64
"""The most pieces in one statement."""

WINDOW = 250
"""How many small pieces are joined in one transaction."""

_SIZE = """(
    SELECT last.start_offset + octet_length(last.data) FROM log_chunks AS last
    WHERE last.execution_id = {id} ORDER BY last.start_offset DESC LIMIT 1
)"""

_APPEND = text(
    f"""
    INSERT INTO log_chunks (execution_id, start_offset, log_type, data)
    SELECT new.execution_id, new.start_offset, new.log_type, new.data
    FROM unnest(
        CAST(:ids AS text[]), CAST(:starts AS bigint[]), CAST(:types AS text[]),
        CAST(:pieces AS bytea[])
    ) AS new (execution_id, start_offset, log_type, data)
    WHERE new.start_offset = coalesce({_SIZE.format(id="new.execution_id")}, 0)
    ON CONFLICT DO NOTHING RETURNING execution_id
    """  # noqa: S608 - constants
)

_READ = text(
    f"""
    SELECT log_type,
        substring(data FROM greatest(:offset - start_offset, 0)::int + 1 FOR :limit) AS data,
        {_SIZE.format(id=":id")} AS size
    FROM log_chunks
    WHERE execution_id = :id AND start_offset < CAST(:offset AS bigint) + :limit
    AND start_offset >= (
        SELECT max(start_offset) FROM log_chunks
        WHERE execution_id = :id AND start_offset <= :offset
    )
    ORDER BY start_offset
    """  # noqa: S608 - constants
)

_SIZES = text(
    f"""
    SELECT wanted.id, {_SIZE.format(id="wanted.id")} AS size
    FROM unnest(CAST(:ids AS text[])) AS wanted (id)
    """  # noqa: S608 - constants
)

_COUNT = text(
    "SELECT execution_id, count(*) AS pieces, sum(octet_length(data)) AS size FROM log_chunks"
    " WHERE execution_id = ANY(CAST(:ids AS text[])) GROUP BY execution_id"
)
_LOCK = text("SELECT pg_advisory_xact_lock(:namespace, hashtext(:id))")
_WINDOW = text(
    "SELECT start_offset, log_type, data FROM log_chunks"
    " WHERE execution_id = :id AND start_offset >= :first ORDER BY start_offset LIMIT :limit"
)
_FORGET = text(
    "DELETE FROM log_chunks WHERE execution_id = :id AND start_offset BETWEEN :first AND :last"
)
_INSERT = text("INSERT INTO log_chunks VALUES (:id, :start_offset, :log_type, :data)")
_DELETE = text("DELETE FROM log_chunks WHERE execution_id = ANY(CAST(:ids AS text[]))")
_NO_WAITING = text("SELECT set_config('synchronous_commit', 'off', true)")
_WAITING = text("SELECT pg_logical_emit_message(true, 'myx', '')")
"""Writes next to nothing, so that the commit waits for the disk, and for all before it."""

_JOINING = 0x6D7A
"""The namespace of the advisory locks of those who join pieces."""


@dataclass(slots=True)
class _Piece:
    execution_id: str
    start: int
    log_type: LogType
    data: bytes
    is_kept_elsewhere: bool
    stored: "asyncio.Future[bool]"
    """Whether it began at the stored end."""


class DatabaseLogStore:
    """A ``LogStore`` in PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ends: dict[str, int] = {}
        """Where the logs end that are written here; others may have written more."""
        self._waiting: list[_Piece] = []
        self._writing: asyncio.Task[None] | None = None
        self._sealing = Gathering(self._seal_all)

    async def append(
        self,
        execution_id: str,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,
    ) -> int:
        """Store ``data``; see ``LogStore``."""
        size = self._ends.get(execution_id, -1)
        if size < offset:
            size = await self.size(execution_id)
        while new := find_new_part(execution_id, size, offset, data):
            if await self._write(execution_id, size, log_type, new, is_kept_elsewhere):
                size += len(new)
                break
            size = await self.size(execution_id)
        self._ends[execution_id] = size
        return size

    async def read(self, execution_id: str, offset: int, limit: int) -> LogPiece:
        """Read a piece; see ``LogStore``."""
        values = {"id": execution_id, "offset": offset, "limit": limit}
        async with self._connect() as connection:
            rows = (await connection.execute(_READ, values)).all()
        if not rows:
            return LogPiece("stdout", b"", 0)
        log_type = rows[0].log_type
        data = bytearray()
        for row in rows:
            if row.log_type != log_type or len(data) >= limit:
                break
            data += row.data
        return LogPiece(cast("LogType", log_type), bytes(data[:limit]), rows[0].size)

    async def read_bytes(self, execution_id: str, offset: int, limit: int) -> bytes:
        """Read bytes of whichever type; see ``LogStore``."""
        values = {"id": execution_id, "offset": offset, "limit": limit}
        async with self._connect() as connection:
            rows = (await connection.execute(_READ, values)).all()
        return b"".join(row.data for row in rows)[:limit]

    async def size(self, execution_id: str) -> int:
        """Return how many bytes are stored."""
        return (await self.sizes([execution_id]))[execution_id]

    async def sizes(self, execution_ids: Collection[str]) -> dict[str, int]:
        """Return how many bytes are stored of each."""
        async with self._connect() as connection:
            rows = await connection.execute(_SIZES, {"ids": list(execution_ids)})
            return {row.id: row.size or 0 for row in rows}

    async def seal(self, execution_id: str) -> int:
        """Join small pieces, and return the size when every byte survives a power cut."""
        self._ends.pop(execution_id, None)
        return await self._sealing.ask(execution_id)

    async def delete_all(self, execution_ids: Collection[str]) -> None:
        """Forget the logs."""
        for execution_id in execution_ids:
            self._ends.pop(execution_id, None)
        async with self._connect() as connection:
            await connection.execute(_DELETE, {"ids": list(execution_ids)})

    async def close(self) -> None:
        """Return when nothing is being written any more; whoever made the engine closes it."""
        await self._sealing.finish()
        if self._writing is not None:
            await self._writing

    async def _write(
        self,
        execution_id: str,
        start: int,
        log_type: LogType,
        data: bytes,
        is_kept_elsewhere: bool = False,  # noqa: FBT001, FBT002 - as append has it
    ) -> bool:
        """Store a piece with the next statement; return whether it began at the stored end."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Piece(execution_id, start, log_type, data, is_kept_elsewhere, stored))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await stored

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_batch(self._take_batch())
        finally:
            self._writing = None

    def _take_batch(self) -> Sequence[_Piece]:
        """Take what waits, of each execution the first piece."""
        batch: dict[str, _Piece] = {}
        for piece in self._waiting:
            if len(batch) < MAX_BATCH:
                batch.setdefault(piece.execution_id, piece)
        taken = {id(piece) for piece in batch.values()}
        self._waiting = [piece for piece in self._waiting if id(piece) not in taken]
        return list(batch.values())

    async def _write_batch(self, batch: Sequence[_Piece]) -> None:
        values = {
            "ids": [piece.execution_id for piece in batch],
            "starts": [piece.start for piece in batch],
            "types": [piece.log_type for piece in batch],
            "pieces": [piece.data for piece in batch],
        }
        try:
            async with self._connect() as connection:
                if all(piece.is_kept_elsewhere for piece in batch):
                    await connection.execute(_NO_WAITING)
                added = set((await connection.scalars(_APPEND, values)).all())
        except Exception as error:  # noqa: BLE001 - handed to those who asked
            for piece in batch:
                if not piece.stored.done():
                    piece.stored.set_exception(error)
            return
        for piece in batch:
            if not piece.stored.done():
                piece.stored.set_result(piece.execution_id in added)

    async def _seal_all(self, execution_ids: Sequence[str]) -> Sequence[int]:
        async with self._connect() as connection:
            rows = await connection.execute(_COUNT, {"ids": list(execution_ids)})
            stored = {row.execution_id: (row.pieces, int(row.size)) for row in rows}
        for execution_id, (pieces, size) in stored.items():
            if pieces > 1 + 2 * size // JOINED_BYTES:
                await self._join(execution_id)
        async with self._connect() as connection:
            await connection.execute(_WAITING)
        return [stored.get(execution_id, (0, 0))[1] for execution_id in execution_ids]

    async def _join(self, execution_id: str) -> None:
        """Join small pieces to larger ones, a window of them in each transaction."""
        first: int | None = 0
        while first is not None:
            async with self._connect() as connection:
                await connection.execute(_LOCK, {"namespace": _JOINING, "id": execution_id})
                first = await _join_window(connection, execution_id, first)

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction; what the database refuses becomes an error of ours."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            raise LogStorageError(
                "The log cannot be stored or read: the database does not answer or has no space. "
                "Look at PostgreSQL's log."
            ) from error


async def _join_window(connection: AsyncConnection, execution_id: str, first: int) -> int | None:
    """Join the pieces of a window; return where the next one begins, None behind the last."""
    values = {"id": execution_id, "first": first, "limit": WINDOW}
    rows = (await connection.execute(_WINDOW, values)).all()
    if not rows:
        return None
    chunks = [(row.start_offset, row.log_type, row.data) for row in rows]
    last = chunks[-1][0]
    await connection.execute(_FORGET, {"id": execution_id, "first": first, "last": last})
    joined = join_chunks(chunks)
    await connection.execute(
        _INSERT,
        [
            {"id": execution_id, "start_offset": start, "log_type": log_type, "data": data}
            for start, log_type, data in joined
        ],
    )
    return last + 1 if len(rows) == WINDOW else None
