# SPDX-License-Identifier: GPL-3.0-or-later
"""How are the answers of agents written down? Gathered for a moment, then all in one go."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog

from api.core.clock import Clock
from api.core.errors import MyxError
from api.heartbeats.sampling import Sampling
from api.hosts.loads.service import LoadService
from api.hosts.presence.service import PresenceService
from api.hosts.presence.watched import Move
from api.hosts.targets import Contact

BATCH = 1_000
"""The most contacts in one unit of work: it must stay short, since others wait to write."""

_log = structlog.get_logger(__name__)


class PresenceWork(Protocol):
    """A unit of work that has the states of hosts in it, and how busy they are."""

    @property
    def presence(self) -> PresenceService:
        """The states of hosts."""
        ...

    @property
    def host_loads(self) -> LoadService:
        """How busy the hosts are."""
        ...


class OpenPresenceWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AbstractAsyncContextManager[PresenceWork]:
        """Open one transaction that commits at the end of the block; see ``api.db.database``."""
        ...


class Findings:
    """What was heard of agents and is not written down yet."""

    def __init__(
        self, open_work: OpenPresenceWork, tell: Callable[[Collection[int]], None], clock: Clock
    ) -> None:
        """Take whom to tell of the hosts, by id, that were heard of, once that is written."""
        self._open_work = open_work
        self._tell = tell
        self._clock = clock
        self._sampling = Sampling()
        self._contacts: dict[int, Contact] = {}

    def add(self, contact: Contact) -> None:
        """Keep what was heard of a host, in place of what was heard of it before."""
        self._contacts[contact.host_id] = contact

    async def write(self) -> Sequence[Move]:
        """Write down all that was heard; what fails is kept for the next time."""
        moves: list[Move] = []
        while self._contacts:
            batch = dict(list(self._contacts.items())[:BATCH])
            for host_id in batch:
                del self._contacts[host_id]
            samples = self._sampling.choose(batch.values(), self._clock.now())
            try:
                async with self._open_work(concurrent=True) as work:
                    moves += await work.presence.record_contacts(list(batch.values()))
                    await work.host_loads.record_samples(samples)
            except MyxError as error:
                self._contacts = batch | self._contacts
                _log.warning("heartbeats_not_written", hosts=len(batch), cause=error.message)
                break
            self._sampling.note(samples)
            self._tell_heard(batch)
        return moves

    def _tell_heard(self, batch: Mapping[int, Contact]) -> None:
        self._tell([host_id for host_id, contact in batch.items() if contact.error is None])
