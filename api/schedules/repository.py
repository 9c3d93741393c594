# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about schedules?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import contains_text, fetch_slice, order_by
from api.db.visibility import owned_by
from api.models.triggers.owned import OwnerIds
from api.models.triggers.schedule import Schedule
from api.schedules.errors import ScheduleExistsError
from api.schedules.schemas import ScheduleQuery

_COLUMNS = {"id": Schedule.id, "name": Schedule.name, "next_at": Schedule.next_at}


class ScheduleRepository:
    """The schedules, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Schedule) -> None:
        """Add a schedule, which then has its id.

        Raises:
            ScheduleExistsError: the name is taken.
        """
        self._session.add(row)
        await self.flush()

    async def flush(self) -> None:
        """Write what was changed; raises likewise."""
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise ScheduleExistsError from error

    async def find(self, schedule_id: int) -> Schedule | None:
        """Return the schedule, or None."""
        return await self._session.scalar(select(Schedule).where(Schedule.id == schedule_id))

    async def delete(self, row: Schedule) -> None:
        """Delete a schedule."""
        await self._session.delete(row)
        await self._session.flush()

    async def list_all(self) -> Sequence[Schedule]:
        """List all of them."""
        return (await self._session.scalars(select(Schedule))).all()

    async def list_page(self, query: ScheduleQuery, owner: OwnerIds | None) -> Slice[Schedule]:
        """List a page; only the owner's where one is given."""
        statement = select(Schedule).where(owned_by(Schedule, owner))
        if query.search is not None:
            statement = statement.where(contains_text(Schedule.name, query.search))
        if query.paused is not None:
            is_paused = Schedule.paused_at.is_not(None)
            statement = statement.where(is_paused if query.paused else ~is_paused)
        order = order_by(query.order_by, _COLUMNS, Schedule.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_due(self, now: datetime, limit: int) -> Sequence[int]:
        """List the schedules whose time has come and that nobody sees to, the earliest first."""
        is_free = or_(Schedule.claimed_until.is_(None), Schedule.claimed_until <= now)
        statement = select(Schedule.id).where(Schedule.next_at <= now, is_free)
        return (
            await self._session.scalars(statement.order_by(Schedule.next_at).limit(limit))
        ).all()

    async def settle(self, schedule_id: int, planned: datetime, values: dict[str, Any]) -> bool:
        """Write down what became of a time; return whether it still was the one that is due."""
        statement = (
            update(Schedule)
            .where(Schedule.id == schedule_id, Schedule.next_at == planned)
            .values(claimed_until=None, **values)
        )
        return await self._session.scalar(statement.returning(Schedule.id)) is not None
