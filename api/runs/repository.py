# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about runs? All of them; none commits.

Every change of state is one guarded UPDATE: what has ended never changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import EVERYTHING, Scope
from api.core.paging import Slice
from api.db.lists import contains_text, fetch_slice, order_by, plan_for_values
from api.db.visibility import runs_within
from api.executions.states import END_STATES, UNFINISHED_STATES
from api.models import Execution, Run
from api.runs.errors import IdempotencyConflictError
from api.runs.schemas import RunQuery

_COLUMNS = {
    "id": Run.id,
    "name": Run.name,
    "created_at": Run.created_at,
    "status": Run.status,
}


class RunsRepository:
    """Reads and writes runs in the session of a unit of work; what is read lies within a scope."""

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def add(self, run: Run) -> None:
        """Store a new run, which then has its number.

        Raises:
            IdempotencyConflictError: somebody used its key at the same moment.
        """
        self._session.add(run)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise IdempotencyConflictError from error

    async def find(self, run_id: int) -> Run | None:
        """Return the run, or None."""
        return await self._session.scalar(self._select().where(Run.id == run_id))

    async def find_by_key(self, idempotency_key: str) -> Run | None:
        """Return the run that was started with the key, or None."""
        return await self._session.scalar(select(Run).where(Run.idempotency_key == idempotency_key))

    async def list_page(self, query: RunQuery) -> Slice[Run]:
        """List a page of runs."""
        statement = self._select()
        if query.status is not None:
            statement = statement.where(Run.status == query.status)
        if query.kind is not None:
            statement = statement.where(Run.kind == query.kind)
        if query.host is not None:
            on_host = select(Execution.run_id).where(Execution.host_name == query.host)
            statement = statement.where(Run.id.in_(on_host))
        if query.search is not None:
            statement = statement.where(contains_text(Run.name, query.search))
            await plan_for_values(self._session)
        return await fetch_slice(
            self._session, statement, query, order_by(query.order_by, _COLUMNS, Run.id)
        )

    async def list_unfinished_ids(self) -> Sequence[int]:
        """List the runs that have not ended."""
        rows = await self._session.scalars(
            select(Run.id).where(Run.status.in_(UNFINISHED_STATES)).order_by(Run.id)
        )
        return rows.all()

    async def start(self, run_id: int, now: datetime) -> bool:
        """Turn a pending run into a running one; return whether it was pending."""
        return await self._update(run_id, ["pending"], {"status": "running", "started_at": now})

    async def request_cancel(self, run_id: int, now: datetime, principal: str) -> bool:
        """Note who wants it canceled; return whether it has not ended."""
        values = {"cancel_requested_at": now, "cancel_requested_by": principal}
        return await self._update(run_id, UNFINISHED_STATES, values)

    async def change_unfinished(self, run_id: int, values: Mapping[str, Any]) -> bool:
        """Change a run that has not ended; return whether it was one."""
        return await self._update(run_id, UNFINISHED_STATES, values)

    async def pause_once(self, run_id: int, wave: int, values: Mapping[str, Any]) -> bool:
        """Pause a run after a wave, unless it has done so before or has ended."""
        changed = await self._session.scalar(
            update(Run)
            .where(
                Run.id == run_id,
                Run.status.in_(UNFINISHED_STATES),
                Run.paused_after_wave < wave,
            )
            .values({**values, "paused_after_wave": wave})
            .returning(Run.id)
            .execution_options(synchronize_session=False)
        )
        self._session.expire_all()
        return changed is not None

    async def correct(self, run_id: int, values: Mapping[str, Any]) -> bool:
        """Change how a run ended; return whether it has ended."""
        return await self._update(run_id, END_STATES, values)

    async def finish(self, run_id: int, values: Mapping[str, Any]) -> bool:
        """End a run; return whether it had not ended before."""
        return await self._update(run_id, UNFINISHED_STATES, values)

    def _select(self) -> Select[Run]:
        return select(Run).where(runs_within(self._scope))

    async def _update(
        self, run_id: int, states: Sequence[str] | frozenset[str], values: Mapping[str, Any]
    ) -> bool:
        changed = await self._session.scalar(
            update(Run)
            .where(Run.id == run_id, Run.status.in_(states))
            .values(values)
            .returning(Run.id)
            .execution_options(synchronize_session=False)
        )
        self._session.expire_all()
        return changed is not None
