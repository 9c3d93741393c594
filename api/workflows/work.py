# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a workflow need of a unit of work? The composition offers it."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from api.executions.service import ExecutionsService
from api.hosts.agents import HostAgentService
from api.hosts.selection.service import HostSelectionService
from api.hosts.service import HostService
from api.runs.reporting.service import ReportingService
from api.runs.rollout.control import RunControlService
from api.runs.service import RunsService


class Work(Protocol):
    """The services in one transaction."""

    @property
    def runs(self) -> RunsService:
        """The runs."""
        ...

    @property
    def run_control(self) -> RunControlService:
        """The control of runs."""
        ...

    @property
    def reporting(self) -> ReportingService:
        """The runs that are reported."""
        ...

    @property
    def executions(self) -> ExecutionsService:
        """The executions."""
        ...

    @property
    def hosts(self) -> HostService:
        """The hosts."""
        ...

    @property
    def host_selection(self) -> HostSelectionService:
        """Choices among the hosts, and what each learns of them."""
        ...

    @property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        ...


class OpenWork(Protocol):
    """Opens a unit of work."""

    def __call__(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        """Open one transaction that commits at the end of the block; see ``api.db.database``."""
        ...
