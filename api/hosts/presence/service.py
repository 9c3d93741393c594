# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps book of which hosts answer? Whatever is heard of an agent goes through here."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.core.clock import Clock
from api.core.paging import PageQuery, Slice
from api.hosts.errors import HostNotFoundError
from api.hosts.presence.repository import PresenceRepository
from api.hosts.presence.watched import Move, WatchedAgent
from api.hosts.schemas import HostStateChange, PresenceState
from api.hosts.targets import Contact
from api.hosts.vault import HostVault
from api.notifications.outbox import MovedHost, NotificationOutbox


class PresenceService:
    """The states of hosts, in one unit of work."""

    def __init__(
        self,
        repository: PresenceRepository,
        outbox: NotificationOutbox,
        vault: HostVault,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._outbox = outbox
        self._vault = vault
        self._clock = clock

    async def list_watched(self, known: Mapping[int, WatchedAgent]) -> dict[int, WatchedAgent]:
        """List all installed agents by the id of their host.

        ``known`` is what an earlier call answered: what has not changed is not unsealed again.
        """
        watched: dict[int, WatchedAgent] = {}
        for made_of, is_online in await self._repository.list_watched():
            before = known.get(made_of.host_id)
            is_same = before is not None and before.made_of == made_of
            if before is not None and is_same and before.is_online == is_online:
                watched[made_of.host_id] = before
                continue
            endpoint = (
                before.endpoint
                if before is not None and is_same
                else self._vault.open_endpoint(made_of)
            )
            watched[made_of.host_id] = WatchedAgent(endpoint, made_of, is_online)
        return watched

    async def record_contacts(self, contacts: Sequence[Contact]) -> list[Move]:
        """Write down which agents answered; return the hosts that came or went.

        Hosts without an installed agent are passed over.
        """
        moves = await self._repository.record_contacts(contacts, self._clock.now())
        await self._outbox.note_hosts([MovedHost(*move) for move in moves])
        return moves

    async def note_state(self, host_id: int, state: PresenceState, reason: str) -> None:
        """Note that a host went into a state."""
        await self._repository.add_states([Move(host_id, state, reason)], self._clock.now())

    async def note_end_of_maintenance(
        self, host_id: int, state: PresenceState, since: datetime
    ) -> None:
        """Note the state of a host whose maintenance began then and ends now.

        During it nobody is told that the host went offline: where it still is, they are now.
        """
        reason = "The maintenance ended."
        if state == "offline" and await self._repository.has_moved(host_id, state, since):
            reason = "The maintenance ended; the host went offline during it."
            await self._outbox.note_hosts([MovedHost(host_id, state, reason)])
        await self.note_state(host_id, state, reason)

    async def note_online(self, host_id: int, before: str, reason: str) -> None:
        """Note that a host answers whose agent had another status before."""
        await self.note_state(host_id, "online", reason)
        if before == "offline":
            await self._outbox.note_hosts([MovedHost(host_id, "online", reason)])

    async def list_history(self, name: str, query: PageQuery) -> Slice[HostStateChange]:
        """List the states that a host went into, the newest first.

        Raises:
            HostNotFoundError: there is no such host within the scope.
        """
        rows = await self._repository.list_states(name, query)
        if not rows.count and not await self._repository.has_host(name):
            raise HostNotFoundError.of(name)
        return rows.map(lambda row: HostStateChange.model_validate(row, from_attributes=True))
