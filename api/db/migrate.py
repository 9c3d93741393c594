# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the tables get their form? Alembic's revisions, applied when the control plane starts.

Revisions are numbered: ``0002`` follows ``0001``. A database that has the newest one is left
alone without loading Alembic, which takes longer than everything else here. Of several replicas
that start at once one migrates, and the others wait for it.

A new revision: ``.venv/bin/python -m api.db.revisions 0002 "what changes"`` compares the models
with the revisions there are and writes the difference; read it before you commit it.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.db.errors import (
    DatabaseRefusedError,
    DatabaseTooNewError,
    DatabaseTooOldError,
    is_connection_failure,
)
from api.db.scripts import list_revisions

MIGRATION_LOCK = 0x6D7979
"""The number of the advisory lock that the one takes who migrates PostgreSQL."""

_VERSION_TABLE = "alembic_version"

T = TypeVar("T")


async def migrate(engine: AsyncEngine) -> None:
    """Bring the tables to the newest revision.

    Raises:
        DatabaseRefusedError: the database cannot be reached or written.
        DatabaseTooNewError: a newer MyX wrote this database.
    """
    await _run(engine, upgrade)


async def check_revision(engine: AsyncEngine) -> str:
    """Return the revision of a database that this version works with as it is.

    Raises:
        DatabaseRefusedError: the database cannot be reached.
        DatabaseTooNewError: a newer MyX wrote it.
        DatabaseTooOldError: it is empty or of an older form.
    """
    return await _run(engine, check)


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision on an open connection; raises as ``migrate``."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
    if find_revision(connection) == list_revisions()[-1]:
        return
    from api.db.revisions import upgrade_to_head  # noqa: PLC0415 - loads Alembic: 0.2 s

    upgrade_to_head(connection)


def check(connection: Connection) -> str:
    """Return the revision, which must be the newest; raises as ``check_revision``."""
    current = find_revision(connection)
    if current is None:
        raise DatabaseTooOldError("The database has no tables yet; 'myx db migrate' makes them.")
    if current != list_revisions()[-1]:
        raise DatabaseTooOldError(
            f"The database has revision {current}, and this version of MyX works with "
            f"{list_revisions()[-1]}; 'myx db migrate' brings it there."
        )
    return current


def find_revision(connection: Connection) -> str | None:
    """Return the revision of the tables; None where there are none.

    Raises:
        DatabaseTooNewError: this version does not know it.
    """
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    current: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    if current is not None and current not in list_revisions():
        raise DatabaseTooNewError(
            f"The database has revision {current}, which this version of MyX does not know. "
            "Start the version that wrote it, or a newer one."
        )
    return current


async def _run(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except DBAPIError as error:
        if not is_connection_failure(error):
            raise
        raise DatabaseRefusedError(
            f"PostgreSQL does not let us in: {_describe(error)}. Check MYX_DATABASE_URL, and that "
            "the server runs and the database exists."
        ) from error


def _describe(error: DBAPIError) -> str:
    """Return what PostgreSQL says, on one line; its messages hold no password."""
    return " ".join(str(error.orig).split()).rstrip(".")
