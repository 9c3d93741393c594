# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the database opened, and how does a unit of work begin and end?

A **unit of work** is one transaction: ``async with database.unit_of_work() as session``. It
commits once, when its block ends, and rolls back when the block raises. A request opens one at
its edge (``api.dependencies``), a background step opens one itself; both go through
``Composition.unit_of_work``. Repositories get the session and never commit.

On SQLite a unit of work that writes takes the write lock at its beginning (``BEGIN IMMEDIATE``),
so that it never fails half-way because another one wrote in between. The units of work of this
process queue for it in order, at most ``BUSY_TIMEOUT_S``. So: keep them short, never wait for an
agent inside one, never open one inside another. ``read_only=True`` queues for nothing.

A ``Database`` belongs to the event loop that it is first used in.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from api.core.errors import UnavailableError

BUSY_TIMEOUT_S = 15.0
"""How long a unit of work waits for another writer before it gives up."""

SQLITE_CONNECTIONS = 8
"""Connections of the pool; each is a thread, and more would only wait for a core."""

_READ_ONLY = "myx_read_only"


class DatabaseBusyError(UnavailableError):
    """The database is busy with other writes; try again."""

    code = "database_busy"


class Database:
    """The application's tables, behind one connection pool."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        self._write_turn = asyncio.Lock()

    @asynccontextmanager
    async def unit_of_work(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end of the block.

        Raises:
            DatabaseBusyError: others wrote for longer than ``BUSY_TIMEOUT_S``.
        """
        if read_only or not self._is_sqlite:
            async with self._transaction(read_only=read_only) as session:
                yield session
            return
        try:
            async with asyncio.timeout(BUSY_TIMEOUT_S):
                await self._write_turn.acquire()
        except TimeoutError as error:
            raise DatabaseBusyError from error
        try:
            async with self._transaction(read_only=False) as session:
                yield session
        finally:
            self._write_turn.release()

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            try:
                await session.connection(execution_options={_READ_ONLY: read_only})
            except OperationalError as error:
                if "database is locked" in str(error.orig):
                    raise DatabaseBusyError from error
                raise
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _create_engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, pool_size=SQLITE_CONNECTIONS, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite_connection)
    event.listen(engine.sync_engine, "begin", _begin_sqlite_transaction)
    return engine


def _prepare_sqlite_connection(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN would come too late and never be IMMEDIATE: _begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in (
            "journal_mode = WAL",
            # A log is acknowledged on the host once its end is stored here, so a commit must
            # survive a power cut.
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    except sqlite3.OperationalError as error:
        raise DatabaseBusyError from error
    finally:
        cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
