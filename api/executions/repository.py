# SPDX-License-Identifier: GPL-3.0-or-later
"""Which queries are there about executions and their events? All of them; none commits.

Every change of state is one guarded UPDATE: what has ended never changes, and of two that start
or finish the same execution only the first one does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    false,
    func,
    insert,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import EVERYTHING, Scope
from api.core.paging import Slice
from api.db.inserts import begin_insert
from api.db.lists import fetch_slice, order_by
from api.db.visibility import executions_within
from api.executions.last_ends import note_ends
from api.executions.places import Running
from api.executions.schemas import ExecutionQuery
from api.executions.states import CONTROL_NODE, END_STATES, UNFINISHED_STATES, State
from api.models import Event, Execution, Run

_TABLE = cast("Table", Execution.__table__)
_EVENTS = cast("Table", Event.__table__)

_CHANGE_ONE = update(_TABLE).where(_TABLE.c.id == bindparam("execution_id"))
_NOTE_LAST_EVENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("execution_id"), _TABLE.c.last_event < bindparam("last"))
    .values(last_event=bindparam("last"))
)
"""For many at once: the columns or values come with each."""

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(7174523)")
"""The number is nobody else's."""

_OWED = text("NOT executions.acknowledged")
"""In the words of the index, or it is not used."""

_COLUMNS = {
    "host": Execution.host_name,
    "position": Execution.position,
    "started_at": Execution.started_at,
    "status": Execution.status,
}


class ExecutionsRepository:
    """Reads and writes executions and events in the session of a unit of work.

    What is read lies within a scope; what the control plane writes down is within everything.
    """

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def add_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store new executions."""
        await self._session.execute(insert(Execution), rows)

    async def find(self, execution_id: str) -> Execution | None:
        """Return the execution, or None."""
        return await self._session.scalar(self._select().where(Execution.id == execution_id))

    async def list_by_id(self, execution_ids: Collection[str]) -> Sequence[Execution]:
        """List the executions with these ids, as far as they exist."""
        rows = await self._session.scalars(self._select().where(Execution.id.in_(execution_ids)))
        return rows.all()

    async def list_page(self, run_id: int, query: ExecutionQuery) -> Slice[Execution]:
        """List a page of a run's executions."""
        statement = self._select().where(Execution.run_id == run_id)
        if query.status is not None:
            statement = statement.where(Execution.status == query.status)
        if query.host is not None:
            statement = statement.where(Execution.host_name == query.host)
        if query.wave is not None:
            statement = statement.where(Execution.wave == query.wave)
        order = order_by(query.order_by, _COLUMNS, Execution.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_of_run(self, run_id: int) -> Sequence[Execution]:
        """List all executions of a run, by host name."""
        rows = await self._session.scalars(
            self._select().where(Execution.run_id == run_id).order_by(Execution.host_name)
        )
        return rows.all()

    async def list_in_order(self, run_id: int) -> Sequence[Execution]:
        """List all executions of a run in the order in which they go."""
        rows = await self._session.scalars(
            select(Execution).where(Execution.run_id == run_id).order_by(Execution.position)
        )
        return rows.all()

    async def list_owed_hosts(self) -> Sequence[int]:
        """List the hosts whose agents may hold an end that is not here, or not acknowledged."""
        rows = await self._session.scalars(
            select(Execution.host_id)
            .where(_OWED, Execution.status.in_(END_STATES), Execution.host_id.is_not(None))
            .distinct()
        )
        return [host_id for host_id in rows if host_id is not None]

    async def list_owed(self, host_id: int) -> Sequence[Execution]:
        """List what has ended here and is owed to or by the agent of a host."""
        rows = await self._session.scalars(
            select(Execution)
            .where(_OWED, Execution.host_id == host_id, Execution.status.in_(END_STATES))
            .order_by(Execution.id)
        )
        return rows.all()

    async def count_waves(self, run_id: int) -> dict[int, dict[State, int]]:
        """Count the executions of a run by wave and state."""
        counts: defaultdict[int, dict[State, int]] = defaultdict(dict)
        rows = await self._session.execute(
            select(Execution.wave, Execution.status, func.count())
            .where(Execution.run_id == run_id)
            .group_by(Execution.wave, Execution.status)
            .order_by(Execution.wave)
        )
        for wave, status, count in rows:
            counts[wave][cast("State", status)] = count
        return counts

    async def count_skipped(self, run_id: int) -> int:
        """Count the executions of a run that were left out for maintenance."""
        skipped = select(func.count()).where(
            Execution.run_id == run_id,
            Execution.status == "canceled",
            Execution.reason_code == "maintenance",
        )
        return await self._session.scalar(skipped) or 0

    async def count_states(self, run_ids: Collection[int]) -> dict[int, dict[State, int]]:
        """Count the executions of runs by state."""
        counts: defaultdict[int, dict[State, int]] = defaultdict(dict)
        rows = await self._session.execute(
            select(Execution.run_id, Execution.status, func.count())
            .where(Execution.run_id.in_(run_ids), executions_within(self._scope))
            .group_by(Execution.run_id, Execution.status)
        )
        for run_id, status, count in rows:
            counts[run_id][cast("State", status)] = count
        return counts

    async def list_control_nodes(self, run_ids: Collection[int]) -> list[tuple[int, State]]:
        """List the runs that have a control node, each with its state."""
        rows = await self._session.execute(
            select(Execution.run_id, Execution.status).where(
                Execution.run_id.in_(run_ids),
                Execution.host_name == CONTROL_NODE,
                executions_within(self._scope),
            )
        )
        return [(run_id, cast("State", status)) for run_id, status in rows]

    async def list_named(self, run_id: int, names: Collection[str]) -> Sequence[Execution]:
        """List a run's executions on hosts of these names."""
        rows = await self._session.scalars(
            self._select().where(Execution.run_id == run_id, Execution.host_name.in_(names))
        )
        return rows.all()

    async def start(self, execution_ids: Collection[str], now: datetime) -> Sequence[Row[Any]]:
        """Turn those that are pending into running ones."""
        where = _TABLE.c.id.in_(execution_ids) & (_TABLE.c.status == "pending")
        values = {"status": "running", "started_at": now, "wait_code": None, "wait_reason": None}
        return await self._change(where, values)

    async def take_turn(self) -> None:
        """Wait until no other replica takes places; until the unit of work ends."""
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(_TAKE_TURN)

    async def count_running(self, host_ids: Collection[int]) -> list[Running]:
        """Count what runs, by kind: on all hosts together, and on each of these."""
        joined = select(Run.kind).join(Execution, Execution.run_id == Run.id)
        running = joined.where(Execution.status == "running")
        everywhere = running.add_columns(null(), func.count()).group_by(Run.kind)
        on_hosts = (
            running.add_columns(Execution.host_id, func.count())
            .where(Execution.host_id.in_(host_ids))
            .group_by(Run.kind, Execution.host_id)
        )
        found = [*await self._session.execute(everywhere), *await self._session.execute(on_hosts)]
        return [Running._make(row) for row in found]

    async def hold(
        self, execution_id: str, values: Mapping[str, Any], now: datetime
    ) -> Row[Any] | None:
        """Let an execution wait that has not begun on its host; None where it has ended."""
        where = (_TABLE.c.id == execution_id) & _TABLE.c.status.in_(UNFINISHED_STATES)
        since = func.coalesce(_TABLE.c.waiting_since, now)
        waiting = {"status": "pending", "started_at": None, "waiting_since": since}
        changed = await self._change(where, {**values, **waiting})
        return changed[0] if changed else None

    async def correct(self, execution_id: str, values: Mapping[str, Any]) -> Row[Any] | None:
        """Change an end that was only assumed; None where it was not."""
        where = (
            (_TABLE.c.id == execution_id)
            & (_TABLE.c.status == "lost")
            & (_TABLE.c.reason_code == "agent_lost")
        )
        changed = await self._change(where, values)
        await note_ends(self._session, changed)
        return changed[0] if changed else None

    async def finish(self, values: Mapping[str, Mapping[str, Any]]) -> Sequence[Row[Any]]:
        """End those that have not ended before, each with the values under its id."""
        unfinished = _TABLE.c.id.in_(values) & _TABLE.c.status.in_(UNFINISHED_STATES)
        # Locked in their order, so that two who end the same ones do not wait for each other.
        found = select(_TABLE.c.id).where(unfinished).order_by(_TABLE.c.id).with_for_update()
        ids = (await self._session.scalars(found)).all()
        rows = [{"execution_id": id_, **values[id_]} for id_ in ids]
        for columns in {frozenset(row) for row in rows}:
            alike = [row for row in rows if row.keys() == columns]
            await self._session.execute(_CHANGE_ONE, alike)
        if not ids:
            return []
        changed = (await self._session.execute(select(_TABLE).where(_TABLE.c.id.in_(ids)))).all()
        await note_ends(self._session, changed)
        return changed

    async def finish_all(
        self, run_id: int, states: Iterable[State], values: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """End all executions of a run that are in one of these states."""
        where = (_TABLE.c.run_id == run_id) & _TABLE.c.status.in_(set(states))
        changed = await self._change(where, values)
        await note_ends(self._session, changed)
        return changed

    async def mark_acknowledged(self, execution_ids: Collection[str]) -> None:
        """Note that the agents were told."""
        await self._session.execute(
            update(Execution).where(Execution.id.in_(execution_ids)).values(acknowledged=True)
        )

    async def add_events(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Store events, by execution in their order; those that are stored stay as they are."""
        if not rows:
            return
        statement = begin_insert(self._session, _EVENTS).on_conflict_do_nothing()
        await self._session.execute(statement, [row for each in rows.values() for row in each])
        last = [{"execution_id": id_, "last": each[-1]["counter"]} for id_, each in rows.items()]
        await self._session.execute(_NOTE_LAST_EVENT, last)

    async def list_events(
        self, execution_id: str, after: int, limit: int
    ) -> Sequence[dict[str, Any]]:
        """List events in order, as they were emitted."""
        rows = await self._session.scalars(
            select(Event.data)
            .where(Event.execution_id == execution_id, Event.counter > after)
            .order_by(Event.counter)
            .limit(limit)
        )
        return rows.all()

    async def list_steps(
        self, after: Mapping[str, int], events: Collection[str], limit: int
    ) -> Sequence[Row[Any]]:
        """List what events of some names say of tasks, of each execution behind a counter."""
        behind = [
            and_(Event.execution_id == execution_id, Event.counter > counter)
            for execution_id, counter in after.items()
        ]
        said = Event.data["event_data"]
        rows = await self._session.execute(
            select(
                Event.execution_id,
                Event.counter,
                Event.event,
                Event.play,
                Event.task,
                said["task_path"].label("path"),
                said["res"]["changed"].label("changed"),
                said["ignore_errors"].label("ignore_errors"),
                said["duration"].label("duration"),
            )
            .where(or_(false(), *behind), Event.event.in_(events))
            .order_by(Event.execution_id, Event.counter)
            .limit(limit)
        )
        return rows.all()

    async def find_last_event(self, execution_id: str, event: str) -> dict[str, Any] | None:
        """Return the last event of a name, or None."""
        return await self._session.scalar(
            select(Event.data)
            .where(Event.execution_id == execution_id, Event.event == event)
            .order_by(Event.counter.desc())
            .limit(1)
        )

    def _select(self) -> Select[Execution]:
        return select(Execution).where(executions_within(self._scope))

    async def _change(
        self, where: ColumnElement[bool], values: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Change rows and return them as they are now.

        On the table and not on the class: each execution does this twice, and loading objects
        that nobody changes any further costs more than all the rest.
        """
        statement = update(_TABLE).where(where).values(values).returning(*_TABLE.c)
        return (await self._session.execute(statement)).all()
