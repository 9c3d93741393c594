# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a host get into maintenance and out of it, and who is told?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.audit.service import AuditService
from api.auth.scopes import EVERYTHING, Scope
from api.hosts import schemas
from api.hosts.service import HostService


class MaintenanceWork(Protocol):
    """A unit of work that has the hosts in it."""

    @property
    def hosts(self) -> HostService:
        """The hosts."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit."""
        ...


class OpenMaintenanceWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, scope: Scope = EVERYTHING
    ) -> AbstractAsyncContextManager[MaintenanceWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class HostMaintenance:
    """Begins and ends maintenance; lives as long as the process."""

    def __init__(
        self, open_work: OpenMaintenanceWork, notify: Callable[[Sequence[int]], None]
    ) -> None:
        """Take what is told of the hosts, by id, that have changed."""
        self._open_work = open_work
        self._notify = notify

    async def set(self, name: str, body: schemas.Maintenance, scope: Scope) -> schemas.Host:
        """Let nothing new start on a host, or let it again.

        Raises:
            HostNotFoundError: there is none of that name within the scope.
        """
        async with self._open_work(scope=scope) as work:
            host_id, host = await work.hosts.set_maintenance(name, body)
            await work.audit.record("set_maintenance", "hosts", name, body.model_dump())
        self._notify([host_id])
        return host
