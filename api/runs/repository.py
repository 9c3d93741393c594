# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about runs? All of them; none commits.

Every change of state is one guarded UPDATE: what has ended never changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.core.paging import Slice
from api.db.lists import contains_text, fetch_slice, order_by
from api.executions.states import UNFINISHED_STATES
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
    """Reads and writes runs in the session of a unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

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
        return await self._session.get(Run, run_id)

    async def find_by_key(self, idempotency_key: str) -> Run | None:
        """Return the run that was started with the key, or None."""
        return await self._session.scalar(select(Run).where(Run.idempotency_key == idempotency_key))

    async def list_page(self, query: RunQuery) -> Slice[Run]:
        """List a page of runs."""
        statement = select(Run)
        if query.status is not None:
            statement = statement.where(Run.status == query.status)
        if query.kind is not None:
            statement = statement.where(Run.kind == query.kind)
        if query.host is not None:
            on_host = select(Execution.run_id).where(Execution.host_name == query.host)
            statement = statement.where(Run.id.in_(on_host))
        if query.search is not None:
            statement = statement.where(contains_text(Run.name, query.search))
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

    async def request_cancel(self, run_id: int, now: datetime) -> bool:
        """Note that somebody wants it canceled; return whether it has not ended."""
        return await self._update(run_id, UNFINISHED_STATES, {"cancel_requested_at": now})

    async def finish(self, run_id: int, values: Mapping[str, Any]) -> bool:
        """End a run and forget its secrets; return whether it had not ended before."""
        return await self._update(run_id, UNFINISHED_STATES, {**values, "secrets_sealed": None})

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
