# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an INSERT begin that knows what to do with rows that are there already?"""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def begin_insert(session: AsyncSession, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that has ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
