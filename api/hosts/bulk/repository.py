# SPDX-License-Identifier: GPL-3.0-or-later
"""How are thousands of hosts read and written at once? In light rows, many to a statement."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.scopes import EVERYTHING, Scope
from api.db.lists import cut
from api.db.visibility import hosts_within
from api.hosts.bulk.stored import StoredHost
from api.models import Agent, Group, Host, HostGroup


class HostBulkRepository:
    """All hosts within a scope, in one unit of work."""

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def list_stored(self, names: Collection[str] | None = None) -> list[StoredHost]:
        """List the hosts, or those with these names, by name."""
        within = [hosts_within(self._scope)]
        if names is not None:
            within.append(Host.name.in_(names))
        groups: dict[int, list[str]] = {}
        memberships = (
            select(HostGroup.host_id, Group.name)
            .join(Group, Group.id == HostGroup.group_id)
            .order_by(Group.name)
        )
        if names is not None:
            memberships = memberships.join(Host, Host.id == HostGroup.host_id).where(*within)
        for host_id, group in await self._session.execute(memberships):
            groups.setdefault(host_id, []).append(group)
        columns = (
            Host.id, Host.name, Host.address, Host.ssh_user, Host.ssh_port, Host.variables,
            Host.secret_variables_sealed, Host.ssh_host_key, Host.revision, Agent.cert_fingerprint,
        )  # fmt: skip
        statement = select(*columns).outerjoin(Agent).where(*within).order_by(Host.name)
        rows = (await self._session.execute(statement)).all()
        return [StoredHost._make((*row, tuple(groups.get(row.id, ())))) for row in rows]

    async def add_hosts(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Add hosts and return their ids by name."""
        if not rows:
            return {}
        await self._session.execute(insert(Host), list(rows))
        ids: dict[str, int] = {}
        for names in cut([row["name"] for row in rows]):
            found = await self._session.execute(
                select(Host.name, Host.id).where(Host.name.in_(names))
            )
            ids |= {name: host_id for name, host_id in found}  # noqa: C416 - rows are no tuples
        return ids

    async def update_hosts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Change hosts; each row has the ``id`` and the same columns."""
        if rows:
            await self._session.execute(update(Host), list(rows))

    async def set_groups(self, memberships: Mapping[int, Iterable[int]]) -> None:
        """Make hosts members of exactly these groups, all by their ids."""
        for ids in cut(memberships.keys()):
            await self._session.execute(delete(HostGroup).where(HostGroup.host_id.in_(ids)))
        rows = [
            {"host_id": host_id, "group_id": group_id}
            for host_id, group_ids in memberships.items()
            for group_id in group_ids
        ]
        if rows:
            await self._session.execute(insert(HostGroup), rows)

    async def delete_hosts(self, ids: Collection[int]) -> None:
        """Delete hosts with their memberships and agents; executions stay, without the host."""
        for part in cut(ids):
            await self._session.execute(delete(Host).where(Host.id.in_(part)))
