# SPDX-License-Identifier: GPL-3.0-or-later
"""Which counts does the database give? Each is read from an index alone."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from api.models import Agent, Execution, NotificationDelivery, Run


class StandingRepository:
    """The counts, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count_hosts(self) -> dict[str, int]:
        """Count the hosts with an agent by its state."""
        return await self._count(Agent.status)

    async def count_runs(self) -> dict[str, int]:
        """Count the runs by state."""
        return await self._count(Run.status)

    async def count_executions(self) -> dict[str, int]:
        """Count the executions by state."""
        return await self._count(Execution.status)

    async def count_deliveries(self) -> dict[str, int]:
        """Count what notifications send, by how far it has come."""
        return await self._count(NotificationDelivery.status)

    async def find_longest_unseen(self) -> datetime | None:
        """Return when the online host was seen that was not seen for longest."""
        seen = select(func.min(Agent.last_seen_at)).where(Agent.status == "online")
        return await self._session.scalar(seen)

    async def check(self) -> None:
        """Ask the database for a sign of life."""
        await self._session.execute(text("SELECT 1"))

    async def _count(self, column: InstrumentedAttribute[str]) -> dict[str, int]:
        rows = await self._session.execute(select(column, func.count()).group_by(column))
        return {state: count for state, count in rows}  # noqa: C416 - a row is no pair for mypy
