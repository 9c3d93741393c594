# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about executions and their events? All of them; none commits.

Every change of state is one guarded UPDATE: what has ended never changes, and of two that start
or finish the same execution only the first one does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import fetch_slice, order_by
from api.executions.schemas import ExecutionQuery
from api.executions.states import UNFINISHED_STATES, State
from api.models import Event, Execution

_TABLE = cast("Table", Execution.__table__)

_COLUMNS = {
    "host": Execution.host_name,
    "started_at": Execution.started_at,
    "status": Execution.status,
}


class ExecutionsRepository:
    """Reads and writes executions and events in the session of a unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store new executions."""
        await self._session.execute(insert(Execution), rows)

    async def find(self, execution_id: str) -> Execution | None:
        """Return the execution, or None."""
        return await self._session.get(Execution, execution_id)

    async def list_page(self, run_id: int, query: ExecutionQuery) -> Slice[Execution]:
        """List a page of a run's executions."""
        statement = select(Execution).where(Execution.run_id == run_id)
        if query.status is not None:
            statement = statement.where(Execution.status == query.status)
        if query.host is not None:
            statement = statement.where(Execution.host_name == query.host)
        order = order_by(query.order_by, _COLUMNS, Execution.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_of_run(self, run_id: int) -> Sequence[Execution]:
        """List all executions of a run, by host name."""
        rows = await self._session.scalars(
            select(Execution).where(Execution.run_id == run_id).order_by(Execution.host_name)
        )
        return rows.all()

    async def count_states(self, run_ids: Collection[int]) -> dict[int, dict[State, int]]:
        """Count the executions of runs by state."""
        counts: defaultdict[int, dict[State, int]] = defaultdict(dict)
        rows = await self._session.execute(
            select(Execution.run_id, Execution.status, func.count())
            .where(Execution.run_id.in_(run_ids))
            .group_by(Execution.run_id, Execution.status)
        )
        for run_id, status, count in rows:
            counts[run_id][cast("State", status)] = count
        return counts

    async def start(self, execution_id: str, now: datetime) -> Row[Any] | None:
        """Turn a pending execution into a running one; None where it is not pending."""
        where = (_TABLE.c.id == execution_id) & (_TABLE.c.status == "pending")
        changed = await self._change(where, {"status": "running", "started_at": now})
        return changed[0] if changed else None

    async def finish(self, execution_id: str, values: Mapping[str, Any]) -> Row[Any] | None:
        """End an execution; None where it has ended before."""
        where = (_TABLE.c.id == execution_id) & _TABLE.c.status.in_(UNFINISHED_STATES)
        changed = await self._change(where, values)
        return changed[0] if changed else None

    async def finish_all(
        self, run_id: int, states: Iterable[State], values: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """End all executions of a run that are in one of these states."""
        where = (_TABLE.c.run_id == run_id) & _TABLE.c.status.in_(set(states))
        return await self._change(where, values)

    async def mark_acknowledged(self, execution_ids: Collection[str]) -> None:
        """Note that the agents were told."""
        await self._session.execute(
            update(Execution).where(Execution.id.in_(execution_ids)).values(acknowledged=True)
        )

    async def add_events(
        self, execution_id: str, rows: Sequence[Mapping[str, Any]], last: int
    ) -> None:
        """Store events; those that are stored already stay as they are."""
        dialect = self._session.get_bind().dialect.name
        build = postgresql.insert if dialect == "postgresql" else sqlite.insert
        await self._session.execute(build(Event).on_conflict_do_nothing(), rows)
        await self._session.execute(
            update(Execution)
            .where(Execution.id == execution_id, Execution.last_event < last)
            .values(last_event=last)
        )

    async def list_events(
        self, execution_id: str, after: int, limit: int
    ) -> Sequence[dict[str, Any]]:
        """List events in order, as they were emitted."""
        rows = await self._session.scalars(
            select(Event.data)
            .where(Event.execution_id == execution_id, Event.counter > after)
            .order_by(Event.counter)
            .limit(limit)
        )
        return rows.all()

    async def find_last_event(self, execution_id: str, event: str) -> dict[str, Any] | None:
        """Return the last event of a name, or None."""
        return await self._session.scalar(
            select(Event.data)
            .where(Event.execution_id == execution_id, Event.event == event)
            .order_by(Event.counter.desc())
            .limit(1)
        )

    async def _change(
        self, where: ColumnElement[bool], values: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Change rows and return them as they are now.

        On the table and not on the class: each execution does this twice, and loading objects
        that nobody changes any further costs more than all the rest.
        """
        statement = update(_TABLE).where(where).values(values).returning(*_TABLE.c)
        return (await self._session.execute(statement)).all()
