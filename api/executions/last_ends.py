# SPDX-License-Identifier: GPL-3.0-or-later
"""How is it kept how the newest execution on each host ended? With the end, as it is written."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Row, Table
from sqlalchemy.ext.asyncio import AsyncSession

from api.db.inserts import begin_insert
from api.models import LastEnd

_TABLE = cast("Table", LastEnd.__table__)


async def note_ends(session: AsyncSession, ended: Sequence[Row[Any]]) -> None:
    """Keep the ends of these executions, where none is newer on their hosts."""
    newest: dict[int, Row[Any]] = {}
    for row in sorted(ended, key=lambda row: str(row.id)):
        if row.host_id is not None:
            newest[row.host_id] = row
    if not newest:
        return
    statement = begin_insert(session, _TABLE)
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["host_id"],
            set_={"execution_id": new.execution_id, "status": new.status},
            where=_TABLE.c.execution_id <= new.execution_id,
        ),
        # In their order, in which others lock these rows too.
        [
            {"host_id": host_id, "execution_id": row.id, "status": row.status}
            for host_id, row in sorted(newest.items())
        ],
    )
