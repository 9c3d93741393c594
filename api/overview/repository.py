# SPDX-License-Identifier: GPL-3.0-or-later
"""Which counts make the overview? Each is one statement that an index answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Float, Integer, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from api.auth.scopes import Scope
from api.db.visibility import executions_within, hosts_within, runs_within
from api.executions.states import UNFINISHED_STATES
from api.models import Agent, Execution, Host, Run

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class EndedRuns:
    """The runs that ended in one way within one step of time."""

    step: int
    status: str
    count: int
    timed: int
    """How many of them had started."""
    total_s: float
    """How long these took together."""
    longest_s: float


class OverviewRepository:
    """The counts within a scope, in one unit of work."""

    def __init__(self, session: AsyncSession, scope: Scope) -> None:
        self._session = session
        self._scope = scope
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"

    async def count_hosts(self) -> dict[tuple[str | None, bool], int]:
        """Count hosts by the state of their agent, None for none, and by maintenance."""
        maintained = Host.maintenance_since.is_not(None)
        rows = await self._session.execute(
            select(Agent.status, maintained, func.count())
            .select_from(Host)
            .outerjoin(Agent, Agent.host_id == Host.id)
            .where(hosts_within(self._scope))
            .group_by(Agent.status, maintained)
        )
        return {(status, bool(is_maintained)): count for status, is_maintained, count in rows}

    async def count_unfinished_runs(self) -> dict[tuple[str, bool], int]:
        """Count the runs that have not ended by state, and by whether they are paused."""
        paused = Run.paused_at.is_not(None)
        rows = await self._session.execute(
            select(Run.status, paused, func.count())
            .where(Run.status.in_(UNFINISHED_STATES), runs_within(self._scope))
            .group_by(Run.status, paused)
        )
        return {(status, bool(is_paused)): count for status, is_paused, count in rows}

    async def count_unfinished_executions(self) -> list[tuple[str, str | None, int, datetime]]:
        """Count the executions that have not ended: state, what for they wait, count, oldest."""
        rows = await self._session.execute(
            select(
                Execution.status,
                Execution.wait_code,
                func.count(),
                func.min(Execution.created_at, type_=Execution.created_at.type),
            )
            .where(Execution.status.in_(UNFINISHED_STATES), executions_within(self._scope))
            .group_by(Execution.status, Execution.wait_code)
        )
        return [(status, code, count, oldest) for status, code, count, oldest in rows]

    async def count_ended_runs(
        self, start: datetime, end: datetime, step_s: int
    ) -> Sequence[EndedRuns]:
        """Count the runs that ended from ``start`` until before ``end`` by step and state."""
        step = self._number_step(start, step_s)
        took = self._seconds(Run.finished_at) - self._seconds(Run.started_at)
        rows = await self._session.execute(
            select(
                step,
                Run.status,
                func.count(),
                func.count(Run.started_at),
                func.coalesce(func.sum(took), 0.0),
                func.coalesce(func.max(took), 0.0),
            )
            .where(Run.finished_at >= start, Run.finished_at < end, runs_within(self._scope))
            .group_by(step, Run.status)
        )
        return [EndedRuns(*row) for row in rows]

    def _number_step(self, start: datetime, step_s: int) -> ColumnElement[int]:
        since = int(start.timestamp())
        if self._is_sqlite:
            # Without its fraction, which it would round.
            whole = cast(func.strftime("%s", func.substr(Run.finished_at, 1, 19)), Integer)
            return (whole - since) // step_s
        return cast(func.floor((extract("epoch", Run.finished_at) - since) / step_s), Integer)

    def _seconds(self, column: InstrumentedAttribute[datetime | None]) -> ColumnElement[float]:
        if self._is_sqlite:
            return func.julianday(column, type_=Float) * DAY_S
        return cast(extract("epoch", column), Float)
