# SPDX-License-Identifier: GPL-3.0-or-later
"""When does what is old go? Every hour, in the background, at one replica; or when somebody asks.

What went is counted for those who watch and told to the audit, which itself is never shortened:
each of its entries stands for all before it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Protocol

import structlog

from api.audit.service import AuditService
from api.bundles.schemas import Bundle
from api.core.clock import Clock
from api.core.settings import Settings
from api.db.space import give_space_back
from api.logs.store import LogStore
from api.retention.bundles import BundleRemoval
from api.retention.policy import find_limits
from api.retention.removed import Removed
from api.retention.sweep import RetentionWork, Sweeper
from api.triggers.ticking import Ticker

FIRST_S = 60.0
"""How long after its start the process first looks for what is old."""

_log = structlog.get_logger(__name__)


class AuditedWork(RetentionWork, Protocol):
    """A unit of work that removes, and tells the audit."""

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenAuditedWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AbstractAsyncContextManager[AuditedWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Watcher(Protocol):
    """Is told of what went, for those who watch."""

    def note_removed(self, removed: Removed) -> None:
        """Count what a step removed."""
        ...

    def note_sweep(self, seconds: float) -> None:
        """Note that a sweep is through, and how long it took."""
        ...


class RetentionParts(Protocol):
    """What retention needs that lives as long as the process."""

    @property
    def settings(self) -> Settings:
        """How long what is kept."""
        ...

    @property
    def unit_of_work(self) -> OpenAuditedWork:
        """What opens units of work."""
        ...

    @property
    def logs(self) -> LogStore:
        """The logs of executions."""
        ...

    @property
    def bundle_removal(self) -> BundleRemoval:
        """What removes content bundles."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...


class Retention:
    """Removes what is old; one for the whole process."""

    def __init__(
        self,
        parts: RetentionParts,
        watcher: Watcher,
        forget_workflows: Callable[[], Awaitable[int]],
        is_mine: Callable[[], bool],
    ) -> None:
        """Take what it stands on.

        Args:
            parts: settings, database, logs and clock.
            watcher: is told what went.
            forget_workflows: lets the durable engine forget what has ended; says how many.
            is_mine: whether it is this process's to look, and not another replica's.
        """
        self._parts = parts
        self._watcher = watcher
        self._forget_workflows = forget_workflows
        self._is_mine = is_mine
        self._removed = Removed()
        self._audited = Removed()
        every_s = parts.settings.retention_every_s
        self._ticker = Ticker("retention", self._look, every_s, min(FIRST_S, every_s))

    def open(self) -> None:
        """Begin to look every now and then."""
        if self._parts.settings.retention_every_s:
            self._ticker.open()

    async def close(self) -> None:
        """Stop, between two steps or in the middle of one, which then was none."""
        await self._ticker.close()
        await self._tell_audit()

    async def estimate(self) -> Removed:
        """Return what a sweep would remove now."""
        parts = self._parts
        limits = find_limits(parts.settings, parts.clock.now())
        async with parts.unit_of_work(read_only=True) as work:
            found = await work.retention.estimate(limits)
        return found + _count(await parts.bundle_removal.list_unneeded(limits.rested))

    async def sweep(self) -> Removed:
        """Remove what may go now, and return what went."""
        parts = self._parts
        before, began = self._removed, parts.clock.monotonic()
        try:
            sweeper = Sweeper(parts.unit_of_work, parts.logs, parts.clock, self._note)
            limits = find_limits(parts.settings, parts.clock.now())
            await sweeper.sweep(limits)
            self._note(Removed(workflows=await self._forget_workflows()))
            self._note(_count(await parts.bundle_removal.remove(limits.rested)))
        except Exception:
            # What did go is told all the same.
            await self._tell_audit()
            raise
        await self._tell_audit()
        removed = self._removed - before
        if removed:
            await self._give_space_back()
        self._watcher.note_sweep(parts.clock.monotonic() - began)
        return removed

    async def _look(self) -> None:
        if self._is_mine():
            removed = await self.sweep()
            if removed:
                _log.info("old_removed", **asdict(removed))

    def _note(self, removed: Removed) -> None:
        self._removed += removed
        self._watcher.note_removed(removed)

    async def _tell_audit(self) -> None:
        """Record what has gone since the last time, where anything has."""
        new = self._removed - self._audited
        if not new:
            return
        self._audited = self._removed
        details = {name: count for name, count in asdict(new).items() if count}
        async with self._parts.unit_of_work() as work:
            await work.audit.record("remove_old", "retention", "", details)

    async def _give_space_back(self) -> None:
        settings = self._parts.settings
        if settings.postgresql_url is None:
            for file in (settings.database_file, settings.workflows_database_file):
                await asyncio.to_thread(give_space_back, file)


def _count(bundles: Sequence[Bundle]) -> Removed:
    return Removed(bundles=len(bundles), bundle_bytes=sum(bundle.size_bytes for bundle in bundles))
