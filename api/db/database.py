# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the database opened, and how does a unit of work begin and end?

A **unit of work** is one transaction: ``async with database.unit_of_work() as session``. It
commits once, when its block ends, and rolls back when the block raises. A request opens one at
its edge (``api.dependencies``), a background step opens one itself; both go through
``Composition.unit_of_work``. Repositories get the session and never commit.

A unit of work that writes is alone: it takes the write lock at its beginning, on SQLite with
``BEGIN IMMEDIATE``, on PostgreSQL with an advisory lock that all replicas share, so that what it
reads stays true until it commits. Those of this process queue for the lock in order, at most
``BUSY_TIMEOUT_S``. So: keep them short, never wait for an agent inside one, never open one inside
another. ``read_only=True`` queues for nothing, and neither does ``concurrent=True`` on
PostgreSQL: for work whose every statement guards itself (see ``api.workflows.group_commit``).

A ``Database`` belongs to the event loop that it is first used in.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from api.db.errors import DatabaseBusyError, translate_error

BUSY_TIMEOUT_S = 15.0
"""How long a unit of work waits for another writer before it gives up."""

SQLITE_CONNECTIONS = 8
"""Connections of the pool; each is a thread, and more would only wait for a core."""

POSTGRESQL_CONNECTIONS = 10
"""Connections of the pool where nobody says otherwise."""

CONNECT_TIMEOUT_S = 10
"""How long a new connection to PostgreSQL may take."""

WRITE_LOCK = 0x6D7978
"""The number of the advisory lock that writers on PostgreSQL take."""

_READ_ONLY = "myx_read_only"
_TAKE_WRITE_LOCK = text(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


class Database:
    """The application's tables, behind one connection pool."""

    def __init__(self, url: str, connections: int = POSTGRESQL_CONNECTIONS) -> None:
        """Take the SQLAlchemy URL, and how many connections to PostgreSQL there may be."""
        self.engine = _create_engine(url, connections)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._write_turn = asyncio.Lock()

    @asynccontextmanager
    async def unit_of_work(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end of the block.

        Raises:
            DatabaseBusyError: others wrote for longer than ``BUSY_TIMEOUT_S``.
            DatabaseUnreachableError: PostgreSQL does not answer.
        """
        if read_only or (concurrent and not self.is_sqlite):
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
                if not self.is_sqlite:
                    await session.execute(_TAKE_WRITE_LOCK)
                yield session
        finally:
            self._write_turn.release()

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        options = {_READ_ONLY if self.is_sqlite else "postgresql_readonly": read_only}
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                await session.connection(execution_options=options)
                yield session
                await session.commit()
        except DBAPIError as error:
            passing = translate_error(error)
            if passing is None:
                raise
            raise passing from error
        except PoolTimeoutError as error:
            raise DatabaseBusyError from error

    def count_connections(self) -> int:
        """Return how many connections are in use."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _create_engine(url: str, connections: int) -> AsyncEngine:
    # Parameters are hidden: an error that quotes a statement would quote its secrets too.
    if not url.startswith("sqlite"):
        return _create_postgresql_engine(url, connections)
    engine = create_async_engine(
        url, pool_size=SQLITE_CONNECTIONS, max_overflow=0, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite_connection)
    event.listen(engine.sync_engine, "begin", _begin_sqlite_transaction)
    return engine


def _create_postgresql_engine(url: str, connections: int) -> AsyncEngine:
    milliseconds = int(BUSY_TIMEOUT_S * 1000)
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "myx",
            "options": f"-c lock_timeout={milliseconds} "
            f"-c idle_in_transaction_session_timeout={4 * milliseconds}",
        },
    )


def _prepare_sqlite_connection(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN would come too late and never be IMMEDIATE: _begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA page_count")
        if cursor.fetchone() == (0,):
            # Later it would have no effect and still wait for writers; see ``api.db.space``.
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
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
