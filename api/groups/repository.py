# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions about groups does the database answer?"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from api.auth.scopes import EVERYTHING, Scope
from api.core.paging import Slice
from api.db.lists import TableStamp, contains_text, cut, fetch_slice, get_stamp, order_by
from api.db.visibility import groups_within
from api.groups.errors import GroupExistsError
from api.groups.hierarchy import GroupNode
from api.groups.schemas import GroupQuery
from api.models import Group, GroupChild, Host, HostGroup

_COLUMNS = {"name": Group.name, "created_at": Group.created_at, "updated_at": Group.updated_at}


class GroupRepository:
    """The groups and what is in them, in one unit of work.

    People see groups within a scope; how groups are nested is known of all.
    """

    def __init__(self, session: AsyncSession, scope: Scope = EVERYTHING) -> None:
        self._session = session
        self._scope = scope

    async def add_groups(self, groups: Sequence[Group]) -> None:
        """Add groups, which then have their ids.

        Raises:
            GroupExistsError: a name is taken.
        """
        self._session.add_all(groups)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise GroupExistsError.of(groups[0].name) from error

    async def delete_group(self, group: Group) -> None:
        """Delete a group; hosts and groups in it stay."""
        await self._session.delete(group)
        await self._session.flush()

    async def find_group(self, name: str) -> Group | None:
        """Find a group by its name, within the scope."""
        statement = select(Group).where(Group.name == name, groups_within(self._scope))
        return await self._session.scalar(statement)

    async def list_groups(self, query: GroupQuery) -> Slice[Group]:
        """List one page of the groups within the scope that the query describes."""
        statement = select(Group).where(groups_within(self._scope))
        if query.search is not None:
            statement = statement.where(
                or_(
                    contains_text(Group.name, query.search),
                    contains_text(Group.description, query.search),
                )
            )
        order = order_by(query.order_by, _COLUMNS, Group.id)
        return await fetch_slice(self._session, statement, query, order)

    async def list_groups_by_name(self, names: Collection[str]) -> list[Group]:
        """List the groups with these names, as far as they exist."""
        found: list[Group] = []
        for part in cut(names):
            statement = select(Group).where(Group.name.in_(part)).order_by(Group.name)
            found += (await self._session.scalars(statement)).all()
        return found

    async def list_all_groups(self) -> Sequence[Group]:
        """List all groups within the scope, by name."""
        statement = select(Group).where(groups_within(self._scope)).order_by(Group.name)
        return (await self._session.scalars(statement)).all()

    async def get_stamp(self) -> TableStamp:
        """Return what tells one state of all groups from another."""
        return await get_stamp(self._session, Group.id, Group.revision)

    async def list_nodes(self) -> list[GroupNode]:
        """List all groups with the names of the groups in them, by name."""
        children = await self._map_names(GroupChild.parent_id, GroupChild.child_id)
        groups = await self._session.execute(select(Group.id, Group.name).order_by(Group.name))
        return [GroupNode(name, tuple(children.get(key, ()))) for key, name in groups]

    async def map_children(self, ids: Collection[int]) -> dict[int, list[str]]:
        """Map these groups to the names of the groups directly in them."""
        column = GroupChild.parent_id
        return await self._map_names(column, GroupChild.child_id, column.in_(ids))

    async def map_parents(self, ids: Collection[int]) -> dict[int, list[str]]:
        """Map these groups to the names of the groups that they are directly in."""
        column = GroupChild.child_id
        return await self._map_names(column, GroupChild.parent_id, column.in_(ids))

    async def count_hosts(self, ids: Collection[int]) -> dict[int, int]:
        """Count the hosts directly in these groups; who has none is left out."""
        statement = (
            select(HostGroup.group_id, func.count())
            .where(HostGroup.group_id.in_(ids))
            .group_by(HostGroup.group_id)
        )
        rows = await self._session.execute(statement)
        return {group_id: count for group_id, count in rows}  # noqa: C416 - rows are no tuples

    async def set_children(self, group: Group, children: Sequence[Group]) -> None:
        """Make exactly these the groups directly in the group."""
        await self._session.execute(delete(GroupChild).where(GroupChild.parent_id == group.id))
        rows = [{"parent_id": group.id, "child_id": child.id} for child in children]
        if rows:
            await self._session.execute(insert(GroupChild), rows)

    async def find_host_ids(self, names: Collection[str]) -> dict[str, int]:
        """Find the ids of hosts by name; who does not exist is left out."""
        found: dict[str, int] = {}
        for part in cut(names):
            rows = await self._session.execute(
                select(Host.name, Host.id).where(Host.name.in_(part))
            )
            found |= {name: host_id for name, host_id in rows}  # noqa: C416 - as above
        return found

    async def add_hosts(self, group: Group, host_ids: Collection[int]) -> None:
        """Bring hosts into the group; who is in it stays."""
        await self.remove_hosts(group, host_ids)
        rows = [{"host_id": host_id, "group_id": group.id} for host_id in host_ids]
        if rows:
            await self._session.execute(insert(HostGroup), rows)

    async def remove_hosts(self, group: Group, host_ids: Collection[int]) -> None:
        """Take hosts out of the group."""
        for part in cut(host_ids):
            await self._session.execute(
                delete(HostGroup).where(HostGroup.group_id == group.id, HostGroup.host_id.in_(part))
            )

    async def _map_names(
        self,
        key: InstrumentedAttribute[int],
        value: InstrumentedAttribute[int],
        *conditions: ColumnElement[bool],
    ) -> dict[int, list[str]]:
        named = aliased(Group)
        statement = (
            select(key, named.name)
            .join(named, named.id == value)
            .where(*conditions)
            .order_by(named.name)
        )
        mapped: dict[int, list[str]] = defaultdict(list)
        for group_id, name in await self._session.execute(statement):
            mapped[group_id].append(name)
        return mapped
