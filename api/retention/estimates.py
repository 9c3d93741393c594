# SPDX-License-Identifier: GPL-3.0-or-later
"""What would a sweep remove? Counted, under the conditions under which it would."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import (
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
    select_old_runs,
)
from api.retention.policy import Limits
from api.retention.removed import Removed


class RetentionEstimates:
    """Counts what is beyond some limits, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def estimate(self, limits: Limits) -> Removed:
        """Return what would be removed; of events the most that there can be."""
        with_run = false() if limits.runs is None else _is_of_old_run(limits.runs)
        found = await self._estimate_rows(limits)
        found += await self._estimate_logs(limits, with_run)
        runs = 0 if limits.runs is None else await self._count(select_old_runs(limits.runs))
        return found + Removed(
            runs=runs,
            executions=await self._count(select(Execution.id).where(with_run)),
            events=await self._sum(
                Execution.last_event, HAS_EVENTS, _leaves(with_run, limits.events)
            ),
        )

    async def _estimate_logs(self, limits: Limits, with_run: ColumnElement[bool]) -> Removed:
        """Count the logs that are too old, and of the others those that are too many."""
        is_old = _leaves(with_run, limits.logs)
        sizes = select(func.count(), func.coalesce(func.sum(Execution.log_bytes), 0))
        count, size = (await self._session.execute(sizes.where(HAS_LOG, is_old))).one()
        found = Removed(logs=count, log_bytes=int(size))
        if not limits.logs_max_bytes:
            return found
        kept_bytes = await self._sum(Execution.log_bytes, HAS_LOG, not_(is_old))
        order = (Execution.finished_at, Execution.id)
        older = func.sum(Execution.log_bytes).over(order_by=order) - Execution.log_bytes
        others = (
            select(Execution.log_bytes.label("size"), older.label("older"))
            .where(HAS_LOG, not_(is_old), executions_ended_before(limits.rested))
            .subquery()
        )
        excess = kept_bytes - limits.logs_max_bytes
        too_many = select(func.count(), func.coalesce(func.sum(others.c.size), 0)).where(
            others.c.older < excess
        )
        count, size = (await self._session.execute(too_many)).one()
        return found + Removed(logs=count, log_bytes=int(size))

    async def _estimate_rows(self, limits: Limits) -> Removed:
        received, at = WebhookDelivery.received_at, HostState.at
        deliveries = select(WebhookDelivery.id).where(_is_before(received, limits.deliveries))
        before = limits.deliveries
        sent = select(NotificationDelivery.id).where(
            false() if before is None else is_old_delivery(before)
        )
        told = select(NotificationEvent.id).where(
            false() if before is None else is_old_event(before)
        )
        states = select(HostState.id).where(host_state_is_over())
        loads = select(HostLoad.slot).where(
            false() if limits.host_loads is None else is_old_load(limits.host_loads)
        )
        secrets = select(Run.id).where(text("runs.secrets_sealed IS NOT NULL"))
        return Removed(
            deliveries=sum([await self._count(rows) for rows in (deliveries, sent, told)]),
            host_states=await self._count(states.where(_is_before(at, limits.host_states))),
            host_loads=await self._count(loads),
            secrets=await self._count(secrets.where(Run.finished_at < limits.secrets)),
        )

    async def _count(self, statement: Any) -> int:
        rows = statement.order_by(None).subquery()
        return await self._session.scalar(select(func.count()).select_from(rows)) or 0

    async def _sum(self, column: Any, *conditions: Any) -> int:
        total = select(func.coalesce(func.sum(column), 0)).where(*conditions)
        return int(await self._session.scalar(total) or 0)


def _is_of_old_run(before: datetime) -> ColumnElement[bool]:
    return Execution.run_id.in_(select_old_runs(before).order_by(None))


def _leaves(with_run: ColumnElement[bool], before: datetime | None) -> ColumnElement[bool]:
    """Say that something of an execution goes: with its run, or by itself."""
    return with_run if before is None else or_(with_run, executions_ended_before(before))


def _is_before(column: Any, before: datetime | None) -> ColumnElement[bool]:
    return false() if before is None else and_(column < before)
