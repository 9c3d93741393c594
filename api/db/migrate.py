# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the tables get their form? Alembic's revisions, applied when the control plane starts.

Revisions are numbered: ``0002`` follows ``0001``. A database that has the newest one is left
alone without loading Alembic, which takes longer than everything else here.

A new revision: ``.venv/bin/python -m api.db.revisions 0002 "what changes"`` compares the models
with the revisions there are and writes the difference; read it before you commit it.
"""

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.core.errors import SettingsError
from api.db.scripts import list_revisions

_VERSION_TABLE = "alembic_version"


class DatabaseTooNewError(SettingsError):
    """The database was written by a newer version of MyX."""

    code = "database_too_new"


async def migrate(engine: AsyncEngine) -> None:
    """Bring the tables to the newest revision.

    Raises:
        DatabaseTooNewError: a newer MyX wrote this database.
    """
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision on an open connection; raises as ``migrate``."""
    revisions = list_revisions()
    current = _find_revision(connection)
    if current == revisions[-1]:
        return
    if current is not None and current not in revisions:
        raise DatabaseTooNewError(
            f"The database has revision {current}, which this version of MyX does not know. "
            "Start the version that wrote it, or a newer one."
        )
    from api.db.revisions import upgrade_to_head  # noqa: PLC0415 - loads Alembic: 0.2 s

    upgrade_to_head(connection)


def _find_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    return revision
