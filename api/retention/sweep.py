# SPDX-License-Identifier: GPL-3.0-or-later
"""How does what is old go without anybody waiting for it? In short steps with pauses between.

A step is one small transaction, of one process at a time; others write between two. Logs go before
the rows that speak of them, so that wherever a process dies nothing is left that nobody knows of:
the next sweep finds the rows, and deleting a log again changes nothing.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.core.clock import Clock
from api.logs.store import LogStore
from api.retention.policy import Limits
from api.retention.removed import Removed
from api.retention.repository import Leaving, RetentionRepository, cut_to, take_until

EXECUTIONS_AT_ONCE = 200
"""The most executions that a step is about."""

EVENTS_AT_ONCE = 5_000
"""The most events that a step removes."""

LOADS_AT_ONCE = 5_000
"""The most samples of the load of hosts that a step removes: they are small."""

ROWS_AT_ONCE = 1_000
"""The most rows of other kinds that a step removes."""

PAUSE_S = 0.02
"""The least pause between two steps."""

Step = Callable[[RetentionRepository, datetime], Awaitable[Removed | None]]
"""Removes a part of what is older; None where there is nothing more."""


class RetentionWork(Protocol):
    """A unit of work as far as removing needs it."""

    @property
    def retention(self) -> RetentionRepository:
        """What removes."""
        ...


class OpenRetentionWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AbstractAsyncContextManager[RetentionWork]:
        """Open one transaction that commits at the end of the block."""
        ...


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Removes what is beyond some limits, once."""

    open_work: OpenRetentionWork
    logs: LogStore
    clock: Clock
    tell: Callable[[Removed], None]
    """Told of what each step removed."""

    async def sweep(self, limits: Limits) -> None:
        """Remove everything that is beyond the limits."""
        if limits.runs is not None:
            await self._repeat(self._remove_runs, limits.runs)
        if limits.logs is not None:
            await self._repeat(self._remove_logs, limits.logs)
        if limits.logs_max_bytes:
            await self._shrink_logs(limits)
        if limits.events is not None:
            await self._repeat(self._remove_events, limits.events)
        if limits.deliveries is not None:
            await self._repeat(self._remove_deliveries, limits.deliveries)
        if limits.host_states is not None:
            await self._repeat(self._remove_host_states, limits.host_states)
        if limits.host_loads is not None:
            await self._repeat(self._remove_host_loads, limits.host_loads)
        await self._repeat(self._forget_secrets, limits.secrets)

    async def _repeat(self, step: Step, before: datetime) -> None:
        """Take a step until it finds nothing more, with as long a pause as it took."""
        while True:
            began = time.monotonic()
            async with self.open_work(concurrent=True) as work:
                await work.retention.take_turn()
                removed = await step(work.retention, before)
            if removed is None:
                return
            self.tell(removed)
            await self.clock.sleep(max(PAUSE_S, time.monotonic() - began))

    async def _remove_runs(self, rows: RetentionRepository, before: datetime) -> Removed | None:
        """Remove executions of old runs with all they have, and runs that have none left."""
        leaving = await rows.list_of_old_runs(before, EXECUTIONS_AT_ONCE)
        batch = [one.id for one in cut_to(leaving, EVENTS_AT_ONCE)]
        if leaving and not batch:
            return await self._thin_out_events(rows, leaving[0].id)
        await self.logs.delete_all(batch)
        events = await rows.remove_events(batch)
        removed = await rows.remove_executions(batch)
        runs = await rows.remove_empty_runs(before, EXECUTIONS_AT_ONCE)
        removed += Removed(runs=runs, events=events)
        return removed or None

    async def _remove_logs(self, rows: RetentionRepository, before: datetime) -> Removed | None:
        leaving = await rows.list_logs(before, EXECUTIONS_AT_ONCE)
        return await self._delete_logs(rows, leaving)

    async def _shrink_logs(self, limits: Limits) -> None:
        """Remove the oldest logs until the rest is no larger than the limit."""

        async def shrink(rows: RetentionRepository, before: datetime) -> Removed | None:
            excess = await rows.measure_logs() - limits.logs_max_bytes
            if excess <= 0:
                return None
            leaving = await rows.list_logs(before, EXECUTIONS_AT_ONCE)
            return await self._delete_logs(rows, take_until(leaving, excess))

        await self._repeat(shrink, limits.rested)

    async def _delete_logs(
        self, rows: RetentionRepository, leaving: Sequence[Leaving]
    ) -> Removed | None:
        if not leaving:
            return None
        ids = [one.id for one in leaving]
        await self.logs.delete_all(ids)
        return await rows.note_logs_removed(ids, self.clock.now())

    async def _remove_events(self, rows: RetentionRepository, before: datetime) -> Removed | None:
        leaving = await rows.list_with_events(before, EXECUTIONS_AT_ONCE)
        if not leaving:
            return None
        batch = [one.id for one in cut_to(leaving, EVENTS_AT_ONCE)]
        if not batch:
            return await self._thin_out_events(rows, leaving[0].id)
        events = await rows.remove_events(batch)
        await rows.note_events_removed(batch, self.clock.now())
        return Removed(events=events)

    async def _thin_out_events(self, rows: RetentionRepository, execution_id: str) -> Removed:
        """Remove some events of an execution that has more than one step may remove."""
        events = await rows.remove_newest_events(execution_id, EVENTS_AT_ONCE)
        if events < EVENTS_AT_ONCE:
            await rows.note_events_removed([execution_id], self.clock.now())
        return Removed(events=events)

    async def _remove_deliveries(
        self, rows: RetentionRepository, before: datetime
    ) -> Removed | None:
        received = await rows.remove_deliveries(before, ROWS_AT_ONCE)
        sent = await rows.remove_sent(before, ROWS_AT_ONCE)
        told = await rows.remove_told(before, ROWS_AT_ONCE)
        return Removed(deliveries=received + sent + told) or None

    async def _remove_host_states(
        self, rows: RetentionRepository, before: datetime
    ) -> Removed | None:
        return Removed(host_states=await rows.remove_host_states(before, ROWS_AT_ONCE)) or None

    async def _remove_host_loads(
        self, rows: RetentionRepository, before: datetime
    ) -> Removed | None:
        return Removed(host_loads=await rows.remove_host_loads(before, LOADS_AT_ONCE)) or None

    async def _forget_secrets(self, rows: RetentionRepository, before: datetime) -> Removed | None:
        return Removed(secrets=await rows.forget_secrets(before, ROWS_AT_ONCE)) or None
