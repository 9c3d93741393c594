# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about the audit? Entries are added and read, nothing else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.audit.schemas import AuditQuery
from api.core.paging import Slice
from api.db.lists import fetch_slice, order_by
from api.models import AuditEntry

_COLUMNS = {"seq": AuditEntry.seq}


class AuditRepository:
    """The entries, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find_head(self) -> AuditEntry | None:
        """Return the last entry, or None where there is none yet."""
        return await self._session.scalar(
            select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)
        )

    async def add(self, values: dict[str, Any]) -> None:
        """Add an entry."""
        await self._session.execute(insert(AuditEntry).values(values))

    async def find(self, seq: int) -> AuditEntry | None:
        """Return an entry, or None."""
        return await self._session.get(AuditEntry, seq)

    async def list_after(self, seq: int, limit: int) -> Sequence[AuditEntry]:
        """List entries in their order, from behind one on."""
        self._session.expunge_all()
        rows = await self._session.scalars(
            select(AuditEntry).where(AuditEntry.seq > seq).order_by(AuditEntry.seq).limit(limit)
        )
        return rows.all()

    async def list_page(self, query: AuditQuery) -> Slice[AuditEntry]:
        """List a page of entries."""
        statement = select(AuditEntry)
        for name in ("actor", "action", "object_kind", "object_name", "result"):
            wanted = getattr(query, name)
            if wanted is not None:
                statement = statement.where(getattr(AuditEntry, name) == wanted)
        if query.after is not None:
            statement = statement.where(AuditEntry.at >= query.after)
        if query.before is not None:
            statement = statement.where(AuditEntry.at < query.before)
        order = order_by(query.order_by, _COLUMNS, AuditEntry.seq)
        return await fetch_slice(self._session, statement, query, order)
