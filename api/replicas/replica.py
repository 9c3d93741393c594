# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a process one of several on the same database? Its beat, its ear for the others."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import uuid4

from api.core.clock import SystemClock
from api.core.exclusive import ExclusiveLock
from api.core.settings import Settings
from api.executions.changes import Changes
from api.replicas.feed import ReplicaFeed
from api.replicas.relay import Relay, RelayWork
from api.replicas.watch import OpenSession, ReplicaWatch, RunCarrier

REPLICAS_PER_FOLDER = 16
"""How many replicas may share a data directory."""


class Carrier(RunCarrier, Protocol):
    """Carries runs out, and heeds what is wished of them."""

    async def heed(self, run_ids: Collection[int] | None) -> None:
        """Look at what is wished of these runs, or of all."""
        ...


class Replica:
    """This process among the others; opened and closed as one with what carries runs."""

    def __init__(
        self,
        settings: Settings,
        open_session: OpenSession,
        read_work: Callable[[], AbstractAsyncContextManager[RelayWork]],
        lock: ExclusiveLock,
        carrier: Carrier,
        changes: Changes,
    ) -> None:
        # Not a clock of a test's: what others see of this process takes its real time.
        clock = SystemClock()
        relay = Relay(read_work, changes, carrier.heed)
        self._feed = ReplicaFeed(
            settings.postgresql_url or "", str(uuid4()), relay.receive, relay.catch_up, clock
        )
        self._watch = ReplicaWatch(
            open_session, lock, carrier, clock, settings.replica_lost_after_s
        )
        self._changes = changes

    def get_place(self) -> tuple[int, int]:
        """Return the place of this process among those that live, from 0, and how many live."""
        return self._watch.get_place()

    @property
    def is_first(self) -> bool:
        """Whether this process is the first of those that live: it does what one has to do."""
        return self.get_place()[0] == 0

    async def open(self) -> None:
        """Hear the others, be heard, and carry runs."""
        await self._feed.open()
        self._changes.relay = self._feed.tell
        await self._watch.open()

    async def close(self) -> None:
        """Let go of all runs, which the others then have."""
        await self._watch.close()
        await self._feed.close()
