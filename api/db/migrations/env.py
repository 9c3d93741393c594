# SPDX-License-Identifier: GPL-3.0-or-later
"""How does Alembic reach the tables? On the connection that ``api.db.revisions`` hands over."""

from typing import Literal

from alembic import context

from api.models import Base
from api.models.base import UtcDateTime


def render_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our types as what they are in the database: a revision never imports the models."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter most of a table: Alembic then copies it.
    render_as_batch=True,
    render_item=render_type,
)
with context.begin_transaction():
    context.run_migrations()
