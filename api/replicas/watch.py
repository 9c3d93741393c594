# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a replica know that another one is dead, and who goes on with its runs?

Each says in a row that it lives, several times in the time after which the others give it up. The
others forget a row that is too old; whoever sees runs in the hands of a replica without a row puts
them back into the durable engine's queue, from which one of those that live takes each. A replica
that was given up and lives all the same, since it or its network stood still, notices at its next
beat: it lets go of all runs and comes back under another name. What it did meanwhile does no harm:
logs and ends are stored once, and a start with the same id starts nothing twice.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from agent_runner import __version__
from api.core.clock import Clock
from api.core.errors import MyxError
from api.core.exclusive import ExclusiveLock
from api.replicas.repository import ReplicaRepository

BEATS = 5
"""How often a replica says that it lives in the time after which it is given up."""

_log = structlog.get_logger(__name__)


class OpenSession(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, concurrent: bool) -> AbstractAsyncContextManager[AsyncSession]:
        """Open one transaction that commits at the end of the block."""
        ...


class RunCarrier(Protocol):
    """Carries runs out under a name."""

    async def open(self, name: str) -> None:
        """Begin, with what this name has left undone."""
        ...

    async def close(self) -> None:
        """Let go of all runs."""
        ...

    async def take_over(self, living: set[str]) -> int:
        """Let the living share the runs of all others; return how many those are."""
        ...

    async def start_forgotten(self) -> None:
        """Start the runs that a replica wrote down and did not live to start."""
        ...


class ReplicaWatch:
    """Keeps one replica alive in the eyes of the others; one for the whole process."""

    def __init__(
        self,
        open_session: OpenSession,
        lock: ExclusiveLock,
        carrier: RunCarrier,
        clock: Clock,
        lost_after_s: float,
    ) -> None:
        self._open_session = open_session
        self._lock = lock
        self._carrier = carrier
        self._clock = clock
        self._lost_after_s = lost_after_s
        self._name = ""
        self._living: set[str] = set()
        self._steady_since = 0.0
        self._beating: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Announce this replica, and begin to carry runs."""
        await self._announce(await self._choose_name())
        self._beating = asyncio.create_task(self._beat_for_ever())

    async def close(self) -> None:
        """Stop carrying runs, and let the others have them at once."""
        if self._beating is None:
            await self._carrier.close()
            return
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        await self._carrier.close()
        try:
            async with self._open() as replicas:
                await replicas.leave(self._name)
        except MyxError as error:
            _log.warning("replica_not_signed_off", cause=error.message)

    def get_place(self) -> tuple[int, int]:
        """Return the place of this replica among those that live, from 0, and how many live."""
        living = sorted(self._living | {self._name})
        return living.index(self._name), len(living)

    async def beat(self) -> None:
        """Say that this replica lives, and look after the others."""
        async with self._open() as replicas:
            is_known = await replicas.beat(self._name)
            is_steady = self._clock.monotonic() - self._steady_since >= self._lost_after_s
            lost = await replicas.forget_lost(self._lost_after_s) if is_steady else ()
            living = set(await replicas.list_ids())
        self._living = living
        if not is_known:
            await self._come_back()
            return
        for name in lost:
            _log.warning("replica_lost", replica=name, unseen_for_s=self._lost_after_s)
        if taken := await self._carrier.take_over(living):
            _log.warning("runs_taken_over", runs=taken)
        if lost:
            await self._carrier.start_forgotten()

    async def _beat_for_ever(self) -> None:
        while True:
            await self._clock.sleep(self._lost_after_s / BEATS)
            await self._guard(self.beat)

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; where it fails, others may have failed as well, and get time to return."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the next beat is the second try
            self._steady_since = self._clock.monotonic()
            cause = error.message if isinstance(error, MyxError) else repr(error)
            _log.warning("replica_beat_failed", cause=cause)

    async def _come_back(self) -> None:
        """Let go of all runs, which others have by now, and begin anew."""
        _log.warning("replica_was_given_up", replica=self._name)
        await self._carrier.close()
        await self._announce(self._lock.rename())

    async def _announce(self, name: str) -> None:
        async with self._open() as replicas:
            await replicas.announce(name, socket.gethostname(), __version__)
        self._name = name
        self._steady_since = self._clock.monotonic()
        await self._carrier.open(name)
        _log.info("replica_lives", replica=name)

    async def _choose_name(self) -> str:
        """Return the name of before, unless it lives elsewhere: in a copy of the data directory."""
        name = self._lock.get_name()
        async with self._open() as replicas:
            machine = await replicas.find_machine_of_living(name, self._lost_after_s)
        return name if machine in {None, socket.gethostname()} else self._lock.rename()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[ReplicaRepository]:
        async with self._open_session(concurrent=True) as session:
            yield ReplicaRepository(session)
