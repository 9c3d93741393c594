# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions about hosts does the database answer?"""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from api.auth.scopes import EVERYTHING, Scope
from api.core.paging import Slice
from api.db.lists import TableStamp, fetch_slice, get_stamp, is_among, order_by
from api.db.visibility import hosts_within
from api.hosts.errors import HostExistsError
from api.hosts.filters import be_in_states, describe_filters
from api.hosts.presence.addresses import select_addresses
from api.hosts.presence.watched import AgentAddress
from api.hosts.schemas import HostQuery
from api.hosts.targets import HostStanding, Member
from api.models import Agent, Group, Host, HostGroup

_COLUMNS = {
    "name": Host.name,
    "address": Host.address,
    "created_at": Host.created_at,
    "updated_at": Host.updated_at,
}


class HostRepository:
    """The hosts, their groups and agents, in one unit of work and within a scope.

    What a fleet is made of (``list_members``) and which ports are taken is known of all hosts.
    """

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def add_host(self, host: Host) -> None:
        """Add a host, which then has its id.

        Raises:
            HostExistsError: the name is taken.
        """
        self._session.add(host)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise HostExistsError.of(host.name) from error

    async def add_hosts(self, hosts: Sequence[Host]) -> None:
        """Add hosts whose names are known to be free; they then have their ids."""
        self._session.add_all(hosts)
        await self._session.flush()

    async def delete_host(self, host: Host) -> None:
        """Delete a host with its groups and agent; executions stay, without the host."""
        await self._session.delete(host)
        await self._session.flush()

    async def find_host(self, name: str) -> Host | None:
        """Find a host by its name."""
        return await self._session.scalar(self._select_hosts().where(Host.name == name))

    async def find_host_by_id(self, host_id: int) -> Host | None:
        """Find a host by its id."""
        return await self._session.scalar(self._select_hosts().where(Host.id == host_id))

    async def list_hosts(self, query: HostQuery, ids: Sequence[int] | None = None) -> Slice[Host]:
        """List one page of the hosts that the query describes, of those with these ids."""
        statement = self._select_hosts().where(*describe_filters(query))
        if ids is not None:
            statement = statement.where(is_among(self._session, Host.id, ids))
        order = order_by(query.order_by, _COLUMNS, Host.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_ids_in_states(self, states: Sequence[str]) -> set[int]:
        """List the ids of the hosts that are in these states."""
        statement = select(Host.id).where(*be_in_states(states))
        return set((await self._session.scalars(statement)).all())

    async def list_hosts_by_name(self, names: Sequence[str]) -> Sequence[Host]:
        """List the hosts with these names, as far as they exist."""
        statement = self._select_hosts().where(Host.name.in_(names)).order_by(Host.name)
        return (await self._session.scalars(statement)).all()

    async def list_hosts_by_id(self, host_ids: Collection[int]) -> Sequence[Host]:
        """List the hosts with these ids, as far as they exist."""
        statement = self._select_hosts().where(Host.id.in_(host_ids))
        return (await self._session.scalars(statement)).all()

    async def list_addresses(self, host_ids: Collection[int]) -> list[AgentAddress]:
        """List where the agents of these hosts are, as far as they are installed; light rows."""
        within = Host.id.in_(host_ids) & hosts_within(self._scope)
        rows = await self._session.execute(select_addresses().where(within))
        return [AgentAddress._make(row) for row in rows]

    async def get_stamp(self) -> TableStamp:
        """Return what tells one state of all hosts from another."""
        return await get_stamp(self._session, Host.id, Host.revision)

    async def list_members(self) -> list[Member]:
        """List all hosts with their groups, by name; two light queries, no rows of hosts."""
        groups: dict[int, list[str]] = {}
        memberships = (
            select(HostGroup.host_id, Group.name)
            .join(Group, Group.id == HostGroup.group_id)
            .order_by(Group.name)
        )
        for host_id, group in await self._session.execute(memberships):
            groups.setdefault(host_id, []).append(group)
        hosts = await self._session.execute(
            select(Host.id, Host.name, Host.labels).order_by(Host.name)
        )
        return [
            Member(host_id, name, tuple(groups.get(host_id, ())), labels)
            for host_id, name, labels in hosts
        ]

    async def list_standings(self, host_ids: Collection[int]) -> dict[int, HostStanding]:
        """List what keeps executions from these hosts, as far as they exist; light rows only."""
        rows = await self._session.execute(
            select(
                Host.id,
                Host.maintenance_since,
                Host.maintenance_reason,
                Agent.status,
                Host.max_playbooks,
                Host.max_commands,
            )
            .outerjoin(Agent, Agent.host_id == Host.id)
            .where(Host.id.in_(host_ids))
        )
        return {
            host_id: HostStanding(
                maintenance=None if since is None else reason or "no reason given",
                is_offline=status == "offline",
                max_playbooks=playbooks,
                max_commands=commands,
                has_agent=status not in {None, "not_installed"},
            )
            for host_id, since, reason, status, playbooks, commands in rows
        }

    async def list_taken_ports(self) -> set[int]:
        """List the RPC ports that agents have."""
        return set((await self._session.scalars(select(Agent.rpc_port))).all())

    def _select_hosts(self) -> Select[Host]:
        loaded = select(Host).options(selectinload(Host.groups), joinedload(Host.agent))
        return loaded.where(hosts_within(self._scope))
