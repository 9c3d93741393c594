# SPDX-License-Identifier: GPL-3.0-or-later
"""How is Alembic run? On a connection that is open already; owns ``alembic``.

``.venv/bin/python -m api.db.revisions 0002 "what changes"`` writes a new revision.
"""

import sys
import tempfile

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine

from api.db.scripts import SCRIPTS


def upgrade_to_head(connection: Connection) -> None:
    """Bring the tables to the newest revision."""
    command.upgrade(_make_config(connection), "head")


def write_revision(number: str, message: str) -> None:
    """Write a revision for what the models have and the revisions do not."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.db")
        with engine.begin() as connection:
            upgrade_to_head(connection)
            command.revision(_make_config(connection), message, autogenerate=True, rev_id=number)
        engine.dispose()


def _make_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    write_revision(*sys.argv[1:3])
