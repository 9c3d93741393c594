# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services does a rotation need of a unit of work?"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.auth.scopes import EVERYTHING, Scope
from api.hosts.agents import HostAgentService
from api.hosts.rotation.service import HostRotationService


class RotationWork(Protocol):
    """A unit of work that has the agents and their credentials in it."""

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...

    @property
    def host_rotation(self) -> HostRotationService:
        """The credentials of the agents."""
        ...


class OpenRotationWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, scope: Scope = EVERYTHING
    ) -> AbstractAsyncContextManager[RotationWork]:
        """Open one transaction that commits at the end of the block."""
        ...
