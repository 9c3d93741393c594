# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are about hosts, groups and all rows together, on one unit of work?"""

from functools import cached_property
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import Scope
from api.core.clock import Clock
from api.core.sealing import Sealer
from api.groups.bulk import GroupBulkService
from api.groups.repository import GroupRepository
from api.groups.service import GroupService
from api.groups.vault import GroupVault
from api.hosts.agents import HostAgentService
from api.hosts.bulk.repository import HostBulkRepository
from api.hosts.bulk.service import HostBulkService
from api.hosts.loads.repository import LoadRepository
from api.hosts.loads.service import LoadService
from api.hosts.presence.repository import PresenceRepository
from api.hosts.presence.service import PresenceService
from api.hosts.repository import HostRepository
from api.hosts.rotation import HostRotationService
from api.hosts.selection.fleet import FleetCache
from api.hosts.selection.service import HostSelectionService
from api.hosts.service import HostService
from api.hosts.vault import HostVault
from api.inventory.service import InventoryService
from api.metrics.repository import StandingRepository
from api.notification_services import NotificationServices
from api.retention.repository import RetentionRepository


class FleetParts(Protocol):
    """What these services need that lives as long as the process."""

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...

    @property
    def sealer(self) -> Sealer:
        """What seals secrets."""
        ...

    @property
    def host_vault(self) -> HostVault:
        """The secrets of hosts."""
        ...

    @property
    def group_vault(self) -> GroupVault:
        """The secrets of groups."""
        ...

    @property
    def fleets(self) -> FleetCache:
        """Names and groups of all hosts, as they were read last."""
        ...


class FleetServices:
    """The services about hosts and groups, within a scope."""

    def __init__(self, parts: FleetParts, session: AsyncSession, scope: Scope) -> None:
        self._parts = parts
        self._session = session
        self._scope = scope

    @cached_property
    def hosts(self) -> HostService:
        """The hosts."""
        parts = self._parts
        return HostService(
            self._host_repository,
            self.groups,
            self.presence,
            parts.host_vault,
            parts.clock,
            self._scope,
        )

    @cached_property
    def host_selection(self) -> HostSelectionService:
        """Choices among the hosts, and what each learns of them."""
        parts = self._parts
        return HostSelectionService(
            self._host_repository, self.groups, parts.fleets, parts.host_vault
        )

    @cached_property
    def groups(self) -> GroupService:
        """The groups of the hosts."""
        parts = self._parts
        return GroupService(self._group_repository, parts.group_vault, parts.clock)

    @cached_property
    def inventory(self) -> InventoryService:
        """The hosts and groups as a whole."""
        parts = self._parts
        hosts = HostBulkService(HostBulkRepository(self._session, self._scope), parts.host_vault)
        groups = GroupBulkService(self._group_repository, parts.group_vault)
        return InventoryService(hosts, groups, parts.clock)

    @cached_property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        parts = self._parts
        return HostAgentService(
            self._host_repository, self.groups, self.presence, parts.host_vault, parts.clock
        )

    @cached_property
    def presence(self) -> PresenceService:
        """Which hosts answer."""
        parts = self._parts
        repository = PresenceRepository(self._session, self._scope)
        return PresenceService(repository, self.telling.outbox, parts.host_vault, parts.clock)

    @cached_property
    def host_loads(self) -> LoadService:
        """How busy the hosts were."""
        return LoadService(LoadRepository(self._session, self._scope), self._parts.clock)

    @cached_property
    def telling(self) -> NotificationServices:
        """Who is told what happens."""
        return NotificationServices(self._parts, self._session)

    @cached_property
    def standing(self) -> StandingRepository:
        """How many there are of what."""
        return StandingRepository(self._session)

    @cached_property
    def retention(self) -> RetentionRepository:
        """What removes what is old."""
        return RetentionRepository(self._session)

    @cached_property
    def host_rotation(self) -> HostRotationService:
        """The credentials of the agents."""
        parts = self._parts
        return HostRotationService(self._host_repository, parts.host_vault, parts.clock)

    @cached_property
    def _group_repository(self) -> GroupRepository:
        return GroupRepository(self._session, self._scope)

    @cached_property
    def _host_repository(self) -> HostRepository:
        return HostRepository(self._session, self._scope)
