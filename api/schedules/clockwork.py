# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a schedule start its run, once, whatever dies and however many replicas there are?

A time that has come is claimed by one process for a while. The run is launched under the key
``schedule/<id>/<planned time>``, so that whoever goes on after a crash, or was too slow, finds
the same run. Only then is the schedule moved on to its next time.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog

from api.audit.origin import Origin, bound_origin
from api.auth.principals import Principal
from api.core.errors import MyxError
from api.runs.launcher import Launched
from api.runs.orders import Idempotency
from api.schedules.service import Firing, ScheduleService
from api.triggers.owners import OwnerWork, get_principal
from api.triggers.requests import RunRequest

EVERY_S = 1.0
"""How often it is looked for what is due."""

_log = structlog.stdlib.get_logger(__name__)


class ScheduleWork(OwnerWork, Protocol):
    """A unit of work as far as schedules need it."""

    @property
    def schedules(self) -> ScheduleService:
        """The schedules."""
        ...


class OpenScheduleWork(Protocol):
    """Opens a unit of work."""

    def __call__(self, *, read_only: bool = False) -> AbstractAsyncContextManager[ScheduleWork]:
        """Open one transaction that commits at the end of the block."""
        ...


class Launcher(Protocol):
    """Launches runs."""

    async def launch(
        self, request: RunRequest, principal: Principal, idempotency: Idempotency | None
    ) -> Launched:
        """Start a run on agents; say whether it is new."""
        ...


class Clockwork:
    """Sees to the schedules whose time has come; one for the whole process."""

    def __init__(self, open_work: OpenScheduleWork, launcher: Launcher) -> None:
        self._open_work = open_work
        self._launcher = launcher

    async def step(self) -> None:
        """See to all that is due by now."""
        async with self._open_work(read_only=True) as work:
            due = await work.schedules.list_due()
        for schedule_id in due:
            await self._see_to(schedule_id)

    async def _see_to(self, schedule_id: int) -> None:
        async with self._open_work() as work:
            firing = await work.schedules.claim(schedule_id)
        if firing is None:
            return
        origin = Origin(actor=firing.owner.name, credential=f"schedule/{schedule_id}")
        with bound_origin(origin):
            try:
                await self._fire(firing)
            except MyxError as error:
                await self._settle_failure(firing, error)

    async def _fire(self, firing: Firing) -> None:
        if firing.outcome is not None:
            async with self._open_work() as work:
                await work.schedules.settle(firing, firing.outcome, firing.reason)
            _log.warning("schedule_skipped", schedule=firing.schedule_id, outcome=firing.outcome)
            return
        async with self._open_work(read_only=True) as work:
            principal = await get_principal(work, firing.owner)
            request = await work.schedules.read_request(firing.schedule_id)
        key = f"schedule/{firing.schedule_id}/{firing.planned.isoformat()}"
        launched = await self._launcher.launch(request, principal, Idempotency(key, key.encode()))
        async with self._open_work() as work:
            await work.schedules.settle(firing, "started", None, launched.run.id)
        _log.info("schedule_started_run", schedule=firing.schedule_id, run=launched.run.id)

    async def _settle_failure(self, firing: Firing, error: MyxError) -> None:
        _log.warning("schedule_failed", schedule=firing.schedule_id, cause=error.message)
        async with self._open_work() as work:
            if error.retryable:
                await work.schedules.release(firing)
                return
            await work.schedules.settle(firing, "failed", f"{error.code}: {error.message}")
