# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are there about runs, on one unit of work? Part of the composition."""

from functools import cached_property
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import Scope
from api.executions.reported import ReportedExecutions
from api.executions.repository import ExecutionsRepository
from api.executions.service import ExecutionsService
from api.fleet_services import FleetParts, FleetServices
from api.logs.store import LogStore
from api.runs.reporting.service import ReportingService
from api.runs.repository import RunsRepository
from api.runs.rollout.control import RunControlService
from api.runs.service import RunsService


class RunParts(FleetParts, Protocol):
    """What these services need that lives as long as the process."""

    @property
    def logs(self) -> LogStore:
        """The logs of executions."""
        ...


class RunServices(FleetServices):
    """The services about runs, and those about hosts, within a scope."""

    def __init__(self, parts: RunParts, session: AsyncSession, scope: Scope) -> None:
        super().__init__(parts, session, scope)
        self._run_parts = parts

    @cached_property
    def executions(self) -> ExecutionsService:
        """The executions, their logs and events."""
        parts = self._run_parts
        return ExecutionsService(self._executions_repository, parts.logs, parts.clock)

    @cached_property
    def runs(self) -> RunsService:
        """The runs."""
        parts = self._run_parts
        outbox = self.telling.outbox
        return RunsService(
            self._runs_repository, self.executions, outbox, parts.sealer, parts.clock
        )

    @cached_property
    def run_control(self) -> RunControlService:
        """The control of runs."""
        return RunControlService(self._runs_repository, self.executions, self._run_parts.clock)

    @cached_property
    def reporting(self) -> ReportingService:
        """The runs that were started elsewhere."""
        parts = self._run_parts
        reported = ReportedExecutions(self._executions_repository, parts.logs, parts.clock)
        return ReportingService(
            self._runs_repository, self.runs, self.executions, reported, self.hosts, parts.clock
        )

    @cached_property
    def _runs_repository(self) -> RunsRepository:
        return RunsRepository(self._session, self._scope)

    @cached_property
    def _executions_repository(self) -> ExecutionsRepository:
        return ExecutionsRepository(self._session, self._scope)
