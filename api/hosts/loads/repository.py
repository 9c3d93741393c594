# SPDX-License-Identifier: GPL-3.0-or-later
"""How are samples of the load of hosts written and read? Few bytes in, few points out."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Float, Integer, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import EVERYTHING, Scope
from api.db.inserts import begin_insert
from api.db.visibility import hosts_within
from api.hosts.loads.sample import Sample
from api.models import Agent, Host, HostLoad

_COLUMNS = (HostLoad.load_hundredths, HostLoad.memory_permille, HostLoad.disk_permille)


class Step(NamedTuple):
    """Mean and highest of the samples of a host within one step of time, as they are stored."""

    number: int
    load_mean: float
    load_max: int
    memory_mean: float
    memory_max: int
    disk_mean: float
    disk_max: int


class LoadRepository:
    """The samples within a scope, in one unit of work."""

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def add_samples(self, samples: Sequence[Sample]) -> None:
        """Add samples of hosts with an agent; where there is one of that time already, it stays."""
        if not samples:
            return
        listed = self._list(samples)
        installed = (
            select(Agent.host_id, *listed[1:])
            .join(Agent, Agent.host_id == listed[0])
            .where(Agent.status != "not_installed")
        )
        await self._session.execute(
            begin_insert(self._session, HostLoad.__table__)  # type: ignore[arg-type]
            .from_select(list(Sample._fields), installed)
            .on_conflict_do_nothing()
        )

    async def find_host_id(self, name: str) -> int | None:
        """Return the id of the host of that name, if it is within the scope."""
        known = select(Host.id).where(Host.name == name, hosts_within(self._scope))
        return await self._session.scalar(known)

    async def list_steps(self, host_id: int, first: int, end: int, slots: int) -> list[Step]:
        """List the steps from a slot until before another that have samples, each so many slots."""
        number = (HostLoad.slot - first) // slots
        levels = [
            figure
            for column in _COLUMNS
            for figure in (cast(func.avg(column), Float), func.max(column))
        ]
        rows = await self._session.execute(
            select(number, *levels)
            .where(HostLoad.host_id == host_id, HostLoad.slot >= first, HostLoad.slot < end)
            .group_by(number)
            .order_by(number)
        )
        return [Step._make(row) for row in rows]

    def _list(self, samples: Sequence[Sample]) -> list[ColumnElement[int]]:
        """Return the columns of samples that are one parameter each, or all together one."""
        if self._session.get_bind().dialect.name == "sqlite":
            rows = func.json_each(json.dumps(samples)).table_valued("value")
            places = range(len(Sample._fields))
            return [func.json_extract(rows.c.value, f"$[{n}]", type_=Integer) for n in places]
        columns = [
            bindparam(None, list(column), ARRAY(Integer), unique=True)
            for column in zip(*samples, strict=True)
        ]
        return list(func.unnest(*columns).table_valued(*Sample._fields).render_derived().c)
