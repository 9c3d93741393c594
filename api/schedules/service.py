# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of schedules? Knows neither HTTP nor SQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.audit.service import AuditService
from api.auth.principals import Principal
from api.core.clock import Clock
from api.core.paging import Slice
from api.core.sealing import Sealer
from api.executions.states import END_STATES
from api.models.triggers.schedule import Schedule as Row
from api.runs.errors import RunNotFoundError
from api.runs.launcher import ask_to_launch
from api.runs.service import RunsService
from api.schedules.errors import ScheduleNotFoundError, ScheduleTimeError
from api.schedules.repository import ScheduleRepository
from api.schedules.schemas import (
    Outcome,
    Schedule,
    ScheduleCreate,
    ScheduleQuery,
    ScheduleUpdate,
    Times,
)
from api.schedules.times import check_times, find_next, list_next
from api.triggers.owners import OwnedRows, Owner, find_owner, is_theirs, read_owner
from api.triggers.requests import (
    RunRequest,
    describe_request,
    find_bundles,
    seal_request,
    unseal_request,
)

ON_TIME_S = 300.0
"""So late a time is not missed yet: the process may have been busy, or restarted."""

CLAIM_S = 120.0
"""For so long one process alone sees to a time; where it dies, another one goes on after that."""

MAX_DUE = 100
"""Schedules that are seen to in one step."""

_KIND = "schedules"


@dataclass(frozen=True, slots=True)
class Firing:
    """A time of a schedule that has come, and is this process's to see to."""

    schedule_id: int
    planned: datetime
    owner: Owner
    outcome: Outcome | None
    """What has become of it already; None where the run is to be started."""
    reason: str | None = None


class ScheduleService:
    """The schedules, in one unit of work."""

    def __init__(
        self,
        repository: ScheduleRepository,
        runs: RunsService,
        audit: AuditService,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._rows = OwnedRows(repository.find, ScheduleNotFoundError)
        self._runs = runs
        self._audit = audit
        self._sealer = sealer
        self._clock = clock

    async def create_schedule(
        self, body: ScheduleCreate, principal: Principal, owner: Owner
    ) -> Schedule:
        """Add a schedule.

        Raises:
            PermissionDeniedError: its owner may nowhere start what it asks for.
            ScheduleTimeError: there is no such time.
            ScheduleExistsError: the name is taken.
        """
        ask_to_launch(principal, body.run)
        now = self._clock.now()
        row = Row(
            **body.model_dump(exclude={"run"}),
            request_sealed=b"",
            created_at=now,
            updated_at=now,
        )
        owner.mark(row)
        self._plan(row, now)
        await self._repository.add(row)
        row.request_sealed = seal_request(self._sealer, body.run, _context(row.id))
        await self._audit.record("create_schedule", _KIND, row.id, _tell(row))
        return self._describe(row)

    async def get_schedule(self, schedule_id: int, principal: Principal) -> Schedule:
        """Return a schedule.

        Raises:
            ScheduleNotFoundError: there is none of that id that they may see.
        """
        return self._describe(await self._rows.get(schedule_id, principal))

    async def list_bundle_digests(self) -> set[str]:
        """List the bundles that the runs of schedules bring."""
        rows = await self._repository.list_all()
        return find_bundles(
            unseal_request(self._sealer, row.request_sealed, _context(row.id)) for row in rows
        )

    async def list_schedules(self, query: ScheduleQuery, principal: Principal) -> Slice[Schedule]:
        """List a page; all for who may read everywhere, else one's own."""
        return (await self._repository.list_page(query, find_owner(principal))).map(self._describe)

    async def list_times(self, schedule_id: int, count: int, principal: Principal) -> Times:
        """List the next times of a schedule; raises as ``get_schedule``."""
        row = await self._rows.get(schedule_id, principal)
        now = self._clock.now()
        if row.cron is not None:
            return Times(timezone=row.timezone, times=list_next(row.cron, row.timezone, now, count))
        is_ahead = row.at is not None and row.at > now
        return Times(timezone=row.timezone, times=[row.at] if row.at and is_ahead else [])

    async def update_schedule(
        self, schedule_id: int, body: ScheduleUpdate, principal: Principal, owner: Owner
    ) -> Schedule:
        """Change what the body names; what its owner changes has the rights that they have now.

        Raises:
            ScheduleNotFoundError: there is none of that id that they may see.
            NotOwnerError: it is somebody else's.
            PermissionDeniedError: they may nowhere start what it asks for.
            ScheduleTimeError: there is no such time.
            ScheduleExistsError: the name is taken.
        """
        row = await self._rows.get_own(schedule_id, principal)
        run = body.run or unseal_request(self._sealer, row.request_sealed, _context(row.id))
        ask_to_launch(principal, run)
        if is_theirs(row, principal):
            owner.mark(row)
        changes = body.model_dump(exclude={"run"}, exclude_none=True)
        for field, value in changes.items():
            setattr(row, field, value)
        if body.cron is not None:
            row.at = None
        if body.at is not None:
            row.cron = None
        now = self._clock.now()
        if changes.keys() & {"cron", "at", "timezone"}:
            self._plan(row, now)
        row.request_sealed = seal_request(self._sealer, run, _context(row.id))
        row.updated_at = now
        await self._repository.flush()
        await self._audit.record("update_schedule", _KIND, row.id, _tell(row))
        return self._describe(row)

    async def pause_schedule(self, schedule_id: int, principal: Principal) -> Schedule:
        """Let it start nothing until it is resumed; raises as ``update_schedule``."""
        row = await self._rows.get_own(schedule_id, principal)
        row.paused_at = row.paused_at or self._clock.now()
        row.next_at = row.claimed_until = None
        await self._audit.record("pause_schedule", _KIND, row.id, {"name": row.name})
        return self._describe(row)

    async def resume_schedule(self, schedule_id: int, principal: Principal) -> Schedule:
        """Let it go on with the next time from now; raises as ``update_schedule``."""
        row = await self._rows.get_own(schedule_id, principal)
        if row.paused_at is not None:
            row.paused_at = None
            now = self._clock.now()
            row.next_at = _find_next(row, now)
        await self._audit.record("resume_schedule", _KIND, row.id, {"name": row.name})
        return self._describe(row)

    async def delete_schedule(self, schedule_id: int, principal: Principal) -> None:
        """Delete a schedule; its runs stay; raises as ``update_schedule``."""
        row = await self._rows.get_own(schedule_id, principal)
        await self._repository.delete(row)
        await self._audit.record("delete_schedule", _KIND, schedule_id, {"name": row.name})

    async def list_due(self) -> list[int]:
        """List the schedules whose time has come."""
        return list(await self._repository.list_due(self._clock.now(), MAX_DUE))

    async def claim(self, schedule_id: int) -> Firing | None:
        """Take on the time that is due, for this process alone; None where somebody has it.

        The unit of work that this is called in must be one that writes, which is alone.
        """
        row = await self._repository.find(schedule_id)
        now = self._clock.now()
        if row is None or row.next_at is None or row.next_at > now:
            return None
        if row.claimed_until is not None and row.claimed_until > now:
            return None
        row.claimed_until = now + timedelta(seconds=CLAIM_S)
        outcome, reason = await self._decide(row, row.next_at, now)
        return Firing(row.id, row.next_at, read_owner(row), outcome, reason)

    async def read_request(self, schedule_id: int) -> RunRequest:
        """Return the run that a schedule asks for.

        Raises:
            ScheduleNotFoundError: it was deleted.
            SealingError, RequestRefusedError: what is kept cannot be read.
        """
        row = await self._repository.find(schedule_id)
        if row is None:
            raise ScheduleNotFoundError
        return unseal_request(self._sealer, row.request_sealed, _context(row.id))

    async def release(self, firing: Firing) -> None:
        """Let a time be claimed again, at once: what failed may pass."""
        await self._repository.settle(firing.schedule_id, firing.planned, {})

    async def settle(
        self, firing: Firing, outcome: Outcome, reason: str | None, run_id: int | None = None
    ) -> None:
        """Write down what became of a time, and plan the next one."""
        row = await self._repository.find(firing.schedule_id)
        if row is None:
            return
        values: dict[str, object] = {
            "last_at": firing.planned,
            "last_outcome": outcome,
            "last_reason": reason,
            "next_at": _find_next(row, max(self._clock.now(), firing.planned)),
        }
        if run_id is not None:
            values["last_run_id"] = run_id
        is_due = await self._repository.settle(row.id, firing.planned, values)
        if is_due and outcome != "started":
            told = {"planned": firing.planned.isoformat(), "reason": reason}
            await self._audit.record("fire_schedule", _KIND, row.id, told, result=outcome)

    async def _decide(
        self, row: Row, planned: datetime, now: datetime
    ) -> tuple[Outcome | None, str | None]:
        late_s = (now - planned).total_seconds()
        allowed_s = max(row.grace_s, ON_TIME_S) if row.missed == "run_once" else ON_TIME_S
        if late_s > allowed_s:
            return "missed", f"Seen {late_s:.0f} s after its time, which is too late."
        if row.overlap == "skip" and row.last_run_id is not None:
            try:
                status = (await self._runs.get_run(row.last_run_id)).status
            except RunNotFoundError:
                return None, None
            if status not in END_STATES:
                return "overlapped", f"Run {row.last_run_id} has not ended."
        return None, None

    def _plan(self, row: Row, now: datetime) -> None:
        """Check the times of a row, and set the next one."""
        if row.cron is not None:
            check_times(row.cron, row.timezone)
        elif row.at is None or row.at <= now:
            raise ScheduleTimeError("at", "it lies in the past")
        row.claimed_until = None
        row.next_at = None if row.paused_at is not None else _find_next(row, now)

    def _describe(self, row: Row) -> Schedule:
        request = unseal_request(self._sealer, row.request_sealed, _context(row.id))
        same = {name: getattr(row, name) for name in _SAME}
        return Schedule(**same, owner=row.owner_name, run=describe_request(request))


_SAME = Schedule.model_fields.keys() - {"owner", "run"}
"""What is shown as it is kept."""


def _find_next(row: Row, after: datetime) -> datetime | None:
    if row.cron is not None:
        return find_next(row.cron, row.timezone, after)
    return row.at if row.at is not None and row.at > after else None


def _tell(row: Row) -> dict[str, object]:
    at = None if row.at is None else row.at.isoformat()
    return {"name": row.name, "owner": row.owner_name, "cron": row.cron, "at": at}


def _context(schedule_id: int) -> str:
    return f"schedules/{schedule_id}/request"
