# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test of retention get runs of long ago, with logs and events?"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from manual_clock import ManualClock
from sqlalchemy import select

from api.db.database import Database
from api.logs.store import LogStore
from api.models import Event, Execution, Run
from api.retention.policy import Limits
from api.retention.removed import Removed
from api.retention.repository import RetentionRepository
from api.retention.sweep import Sweeper

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Work:
    """A unit of work that removes."""

    retention: RetentionRepository


@dataclass
class OldRuns:
    """Writes runs that ended some days ago, and sweeps them up."""

    database: Database
    logs: LogStore
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def add(self, days: float, hosts: int = 1, **changes: Any) -> tuple[int, list[str]]:
        """Add a run that ended so long ago; return its id, and those of its executions.

        Args:
            days: since its end.
            hosts: the number of its executions.
            changes: what else is so; ``log`` and ``events`` and the columns of an execution in
                ``execution``.
        """
        log, events = changes.pop("log", b"line\n"), changes.pop("events", 2)
        of_execution = changes.pop("execution", {})
        ended = NOW - timedelta(days=days)
        facts: dict[str, Any] = {"status": "successful", "finished_at": ended}
        async with self.database.unit_of_work() as session:
            run = Run(
                kind="playbook", name="site.yml", spec={}, created_by="admin", created_at=ended,
                **facts | changes,
            )  # fmt: skip
            session.add(run)
            await session.flush()
            ids = [f"e{next(self._numbers):08}" for _ in range(hosts)]
            for execution_id in ids:
                session.add(
                    Execution(
                        id=execution_id, run_id=run.id, host_name="web1", created_at=ended,
                        log_bytes=len(log), last_event=events,
                        **{"acknowledged": True} | facts | of_execution,
                    )
                )  # fmt: skip
            await session.flush()
            session.add_all(
                Event(
                    execution_id=execution_id, counter=number, event="runner_on_ok",
                    created_at=ended, data={"counter": number},
                )
                for execution_id in ids for number in range(1, events + 1)
            )  # fmt: skip
        for execution_id in ids:
            if log:
                await self.logs.append(execution_id, 0, "stdout", log)
                await self.logs.seal(execution_id)
        return run.id, ids

    async def sweep(self, limits: Limits) -> Removed:
        """Remove what is beyond the limits, and return what went."""
        removed: list[Removed] = []
        await Sweeper(self.open, self.logs, ManualClock(), removed.append).sweep(limits)
        return sum(removed, start=Removed())

    async def estimate(self, limits: Limits) -> Removed:
        """Return what a sweep would remove."""
        async with self.open(read_only=True) as work:
            return await work.retention.estimate(limits)

    @asynccontextmanager
    async def open(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AsyncIterator[Work]:
        """Open a unit of work."""
        opened = self.database.unit_of_work(read_only=read_only, concurrent=concurrent)
        async with opened as session:
            yield Work(RetentionRepository(session))

    async def list_ids(self, column: Any) -> Sequence[Any]:
        """List what a column holds, in its order."""
        async with self.database.unit_of_work(read_only=True) as session:
            return (await session.scalars(select(column).order_by(column))).all()


KEEP_ALL = Limits(
    runs=None,
    logs=None,
    events=None,
    deliveries=None,
    host_states=None,
    host_loads=None,
    secrets=NOW - timedelta(days=10_000),
    rested=NOW - timedelta(hours=1),
    logs_max_bytes=0,
)


def keep(logs_max_bytes: int = 0, **days: float) -> Limits:
    """Return limits with these days, and everything else for ever."""
    times: dict[str, Any] = {name: NOW - timedelta(days=number) for name, number in days.items()}
    return replace(KEEP_ALL, logs_max_bytes=logs_max_bytes, **times)
