# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions about hosts does the database answer?"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from api.core.paging import Slice
from api.db.lists import contains_text, fetch_slice, order_by
from api.hosts.errors import HostExistsError
from api.hosts.schemas import HostQuery
from api.hosts.targets import Contact, FleetStamp, Member
from api.models import Agent, Host, HostGroup

_COLUMNS = {
    "name": Host.name,
    "address": Host.address,
    "created_at": Host.created_at,
    "updated_at": Host.updated_at,
}


class HostRepository:
    """The hosts, their groups and agents, in one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

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

    async def delete_host(self, host: Host) -> None:
        """Delete a host with its groups and agent; executions stay, without the host."""
        await self._session.delete(host)
        await self._session.flush()

    async def find_host(self, name: str) -> Host | None:
        """Find a host by its name."""
        return await self._session.scalar(_select_hosts().where(Host.name == name))

    async def find_host_by_id(self, host_id: int) -> Host | None:
        """Find a host by its id."""
        return await self._session.scalar(_select_hosts().where(Host.id == host_id))

    async def list_hosts(self, query: HostQuery) -> Slice[Host]:
        """List one page of the hosts that the query describes."""
        statement = _select_hosts()
        if query.group is not None:
            statement = statement.where(Host.group_rows.any(HostGroup.name == query.group))
        if query.agent_status == "not_installed":
            statement = statement.where(
                or_(~Host.agent.has(), Host.agent.has(Agent.status == query.agent_status))
            )
        elif query.agent_status is not None:
            statement = statement.where(Host.agent.has(Agent.status == query.agent_status))
        if query.search is not None:
            statement = statement.where(
                or_(
                    contains_text(Host.name, query.search),
                    contains_text(Host.address, query.search),
                )
            )
        order = order_by(query.order_by, _COLUMNS, Host.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_hosts_by_name(self, names: Sequence[str]) -> Sequence[Host]:
        """List the hosts with these names, as far as they exist."""
        statement = _select_hosts().where(Host.name.in_(names)).order_by(Host.name)
        return (await self._session.scalars(statement)).all()

    async def list_hosts_by_id(self, host_ids: Collection[int]) -> Sequence[Host]:
        """List the hosts with these ids, as far as they exist."""
        return (await self._session.scalars(_select_hosts().where(Host.id.in_(host_ids)))).all()

    async def get_fleet_stamp(self) -> FleetStamp:
        """Return what tells one state of all names and groups from another."""
        facts = select(func.count(), func.max(Host.id), func.sum(Host.revision))
        count, newest_id, revisions = (await self._session.execute(facts)).one()
        return FleetStamp(count, newest_id or 0, revisions or 0)

    async def list_members(self) -> list[Member]:
        """List all hosts with their groups, by name; two light queries, no rows of hosts."""
        groups: dict[int, list[str]] = {}
        memberships = select(HostGroup.host_id, HostGroup.name).order_by(HostGroup.name)
        for host_id, group in await self._session.execute(memberships):
            groups.setdefault(host_id, []).append(group)
        hosts = await self._session.execute(select(Host.id, Host.name).order_by(Host.name))
        return [Member(host_id, name, tuple(groups.get(host_id, ()))) for host_id, name in hosts]

    async def list_taken_ports(self) -> set[int]:
        """List the RPC ports that agents have."""
        return set((await self._session.scalars(select(Agent.rpc_port))).all())

    async def record_contacts(self, contacts: Sequence[Contact], at: datetime) -> None:
        """Write down which agents answered and which did not."""
        for contact in contacts:
            values = (
                {"status": "offline", "last_error": contact.error}
                if contact.error is not None
                else {
                    "status": "online",
                    "last_error": None,
                    "last_seen_at": at,
                    "version": contact.version,
                }
            )
            await self._session.execute(
                update(Agent)
                .where(Agent.host_id == contact.host_id, Agent.status != "not_installed")
                .values(**values)
            )


def _select_hosts() -> Select[Host]:
    return select(Host).options(selectinload(Host.group_rows), joinedload(Host.agent))
