# SPDX-License-Identifier: GPL-3.0-or-later
"""Which statements remove what is old? Each a small part of it, the oldest first; none commits.

Each says again what may go, so that one that is repeated, or that two processes give at the same
time, removes nothing twice and nothing that has become needed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Delete, case, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import (
    Event,
    Execution,
    HostLoad,
    HostState,
    NotificationDelivery,
    NotificationEvent,
    Run,
    WebhookDelivery,
)
from api.retention.conditions import (
    HAS_EVENTS,
    HAS_LOG,
    executions_ended_before,
    host_state_is_over,
    is_old_delivery,
    is_old_event,
    is_old_load,
    owes_nothing,
    select_old_runs,
)
from api.retention.estimates import RetentionEstimates
from api.retention.policy import Limits
from api.retention.removed import Removed

RETENTION_LOCK = 0x6D797A
"""The number of the advisory lock that makes removing on PostgreSQL one process's at a time."""

_OLDEST_EXECUTIONS = (Execution.finished_at, Execution.id)


class Leaving(NamedTuple):
    """An execution of which something goes."""

    id: str
    size: int
    """Bytes of its log, or the most events that it has."""


class RetentionRepository:
    """Removes what is old, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take_turn(self) -> None:
        """Wait until no other process removes anything; until the unit of work ends."""
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(text(f"SELECT pg_advisory_xact_lock({RETENTION_LOCK})"))

    async def estimate(self, limits: Limits) -> Removed:
        """Return what a sweep would remove."""
        return await RetentionEstimates(self._session).estimate(limits)

    async def list_of_old_runs(self, before: datetime, limit: int) -> list[Leaving]:
        """List executions of runs that may go, with the most events that each has."""
        runs = select_old_runs(before).limit(limit)
        events = case((Execution.events_removed_at.is_(None), Execution.last_event), else_=0)
        statement = select(Execution.id, events).where(Execution.run_id.in_(runs)).limit(limit)
        return await self._list(statement)

    async def list_logs(self, before: datetime, limit: int) -> list[Leaving]:
        """List the executions whose logs may go, with the bytes of each."""
        statement = select(Execution.id, Execution.log_bytes).where(
            HAS_LOG, executions_ended_before(before)
        )
        return await self._list(statement.order_by(*_OLDEST_EXECUTIONS).limit(limit))

    async def list_with_events(self, before: datetime, limit: int) -> list[Leaving]:
        """List the executions whose events may go, with the most events that each has."""
        statement = select(Execution.id, Execution.last_event).where(
            HAS_EVENTS, executions_ended_before(before)
        )
        return await self._list(statement.order_by(*_OLDEST_EXECUTIONS).limit(limit))

    async def measure_logs(self) -> int:
        """Return how many bytes the logs of executions have that have ended."""
        total = select(func.coalesce(func.sum(Execution.log_bytes), 0)).where(HAS_LOG)
        return int(await self._session.scalar(total) or 0)

    async def remove_executions(self, execution_ids: Collection[str]) -> Removed:
        """Remove executions whose events are gone."""
        statement = delete(Execution).where(Execution.id.in_(execution_ids), owes_nothing())
        rows = await self._session.execute(
            statement.returning(Execution.log_bytes, Execution.log_removed_at)
        )
        found = rows.all()
        sizes = [size for size, removed_at in found if size and removed_at is None]
        return Removed(executions=len(found), logs=len(sizes), log_bytes=sum(sizes))

    async def remove_empty_runs(self, before: datetime, limit: int) -> int:
        """Remove runs that may go and have no execution left; return how many."""
        has_any = select(Execution.id).where(Execution.run_id == Run.id).exists()
        old = select_old_runs(before).limit(limit).scalar_subquery()
        return await self._count(delete(Run).where(Run.id.in_(old), ~has_any))

    async def note_logs_removed(self, execution_ids: Collection[str], at: datetime) -> Removed:
        """Note that these logs are gone."""
        rows = await self._session.scalars(
            update(Execution)
            .where(Execution.id.in_(execution_ids), Execution.log_removed_at.is_(None))
            .values(log_removed_at=at)
            .returning(Execution.log_bytes)
        )
        sizes = rows.all()
        return Removed(logs=len(sizes), log_bytes=sum(sizes))

    async def remove_events(self, execution_ids: Collection[str]) -> int:
        """Remove all events of executions; return how many."""
        return await self._count(delete(Event).where(Event.execution_id.in_(execution_ids)))

    async def remove_newest_events(self, execution_id: str, limit: int) -> int:
        """Remove events of an execution; return how many.

        The newest first: a reader misses the last one, and so knows that some are gone.
        """
        newest = (
            select(Event.counter)
            .where(Event.execution_id == execution_id)
            .order_by(Event.counter.desc())
            .limit(limit)
        )
        return await self._count(
            delete(Event).where(
                Event.execution_id == execution_id, Event.counter.in_(newest.scalar_subquery())
            )
        )

    async def note_events_removed(self, execution_ids: Collection[str], at: datetime) -> None:
        """Note that the events of these executions are gone."""
        await self._session.execute(
            update(Execution)
            .where(Execution.id.in_(execution_ids), Execution.events_removed_at.is_(None))
            .values(events_removed_at=at)
        )

    async def remove_deliveries(self, before: datetime, limit: int) -> int:
        """Remove deliveries that came before; return how many."""
        row = WebhookDelivery
        old = select(row.id).where(row.received_at < before).order_by(row.received_at).limit(limit)
        return await self._count(delete(row).where(row.id.in_(old.scalar_subquery())))

    async def remove_sent(self, before: datetime, limit: int) -> int:
        """Remove what notifications sent before, or gave up; return how many."""
        row = NotificationDelivery
        old = select(row.id).where(is_old_delivery(before)).order_by(row.created_at).limit(limit)
        return await self._count(delete(row).where(row.id.in_(old.scalar_subquery())))

    async def remove_told(self, before: datetime, limit: int) -> int:
        """Remove what happened before, and was told; return how many."""
        row = NotificationEvent
        old = select(row.id).where(is_old_event(before)).order_by(row.at).limit(limit)
        return await self._count(delete(row).where(row.id.in_(old.scalar_subquery())))

    async def remove_host_states(self, before: datetime, limit: int) -> int:
        """Remove states that hosts are not in any more; return how many."""
        old = select(HostState.id).where(HostState.at < before, host_state_is_over())
        limited = old.order_by(HostState.at).limit(limit).scalar_subquery()
        return await self._count(delete(HostState).where(HostState.id.in_(limited)))

    async def remove_host_loads(self, before: datetime, limit: int) -> int:
        """Remove samples of the load of hosts from before; return how many."""
        key = (HostLoad.host_id, HostLoad.slot)
        old = select(*key).where(is_old_load(before)).order_by(HostLoad.slot).limit(limit)
        return await self._count(delete(HostLoad).where(tuple_(*key).in_(old)))

    async def forget_secrets(self, before: datetime, limit: int) -> int:
        """Forget the secrets of runs that ended before; return of how many."""
        kept = text("runs.secrets_sealed IS NOT NULL")
        old = select(Run.id).where(kept, Run.finished_at < before).limit(limit)
        rows = await self._session.execute(
            update(Run)
            .where(Run.id.in_(old.scalar_subquery()))
            .values(secrets_sealed=None)
            .returning(Run.id)
        )
        return len(rows.all())

    async def _list(self, statement: Any) -> list[Leaving]:
        return [Leaving._make(row) for row in await self._session.execute(statement)]

    async def _count(self, statement: Delete) -> int:
        result = await self._session.execute(statement.execution_options(synchronize_session=False))
        return int(result.rowcount)  # type: ignore[attr-defined]


def cut_to(leaving: Sequence[Leaving], most: int) -> list[Leaving]:
    """Return the first ones that together have at most so much; none where one has more."""
    taken: list[Leaving] = []
    total = 0
    for one in leaving:
        total += one.size
        if total > most:
            break
        taken.append(one)
    return taken


def take_until(leaving: Sequence[Leaving], least: int) -> list[Leaving]:
    """Return the first ones that together have at least so much; all where all have less."""
    taken: list[Leaving] = []
    total = 0
    for one in leaving:
        if total >= least:
            break
        taken.append(one)
        total += one.size
    return taken
