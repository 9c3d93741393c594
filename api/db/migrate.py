# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the tables get their form? Alembic's revisions, applied when the control plane starts.

A new revision: ``.venv/bin/python -m api.db.migrate "what changes"`` compares the models with the
revisions there are and writes the difference; read it before you commit it.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

from api.core.errors import SettingsError

_SCRIPTS = Path(__file__).parent / "migrations"


class DatabaseTooNewError(SettingsError):
    """The database was written by a newer version of MyX."""

    code = "database_too_new"


async def migrate(engine: AsyncEngine) -> None:
    """Bring the tables to the newest revision.

    Raises:
        DatabaseTooNewError: a newer MyX wrote this database.
    """
    async with engine.begin() as connection:
        await connection.run_sync(upgrade_to_head)


def upgrade_to_head(connection: Connection) -> None:
    """Bring the tables to the newest revision on an open connection."""
    config = _make_config(connection)
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseTooNewError(
            f"The database has revision {current}, which this version of MyX does not know. "
            "Start the version that wrote it, or a newer one."
        )
    if current != script.get_current_head():
        command.upgrade(config, "head")


def write_revision(message: str) -> None:
    """Write a revision for what the models have and the revisions do not."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.db")
        with engine.begin() as connection:
            upgrade_to_head(connection)
            command.revision(_make_config(connection), message, autogenerate=True)
        engine.dispose()


def _make_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    write_revision(sys.argv[1])
