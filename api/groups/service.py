# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with groups, under which rules? Knows neither HTTP nor SQL."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from api import models
from api.auth.scopes import Scope
from api.core.clock import Clock
from api.core.paging import Slice
from api.db.lists import TableStamp
from api.groups import schemas
from api.groups.errors import (
    BuiltInGroupError,
    ChangedMeanwhileError,
    GroupCycleError,
    GroupExistsError,
    GroupInUseError,
    GroupNotFoundError,
    MemberUnknownError,
)
from api.groups.fields import BUILT_IN_GROUPS, warn_of_group_name
from api.groups.hierarchy import GroupNode, collect_reachable, find_cycle
from api.groups.repository import GroupRepository
from api.groups.rows import GroupVariables, make_group
from api.groups.vault import GroupVault


class GroupService:
    """The groups, in one unit of work."""

    def __init__(self, repository: GroupRepository, vault: GroupVault, clock: Clock) -> None:
        self._repository = repository
        self._vault = vault
        self._clock = clock

    async def create_group(self, body: schemas.GroupCreate) -> schemas.Group:
        """Add a group.

        Raises:
            GroupExistsError: the name is taken.
            GroupCycleError: it would be inside itself.
            MemberUnknownError: one of its children does not exist.
        """
        if await self._repository.find_group(body.name) is not None:
            raise GroupExistsError.of(body.name)
        group = make_group(body.name, self._clock.now(), body.description, body.variables)
        await self._repository.add_groups([group])
        if body.children:
            await self._set_children(group, body.children)
        self._vault.change_secrets(group, body.secret_variables)
        return await self._describe(group)

    async def get_group(self, name: str) -> schemas.Group:
        """Return a group.

        Raises:
            GroupNotFoundError: there is none of that name.
        """
        return await self._describe(await self._get_row(name))

    async def list_groups(self, query: schemas.GroupQuery) -> Slice[schemas.Group]:
        """List one page of the groups that the query describes."""
        page = await self._repository.list_groups(query)
        return Slice(await self._describe_all(page.items), page.count)

    async def update_group(self, name: str, body: schemas.GroupUpdate) -> schemas.Group:
        """Change what the body names.

        Raises:
            GroupNotFoundError: there is none of that name.
            ChangedMeanwhileError: it has another revision than the body says.
            BuiltInGroupError: it is Ansible's own, and the body changes who is in it.
            GroupCycleError: it would be inside itself.
            MemberUnknownError: a child or a host does not exist.
        """
        group = await self._get_row(name)
        if body.revision not in {None, group.revision}:
            raise ChangedMeanwhileError
        if name in BUILT_IN_GROUPS and (body.children or body.add_hosts or body.remove_hosts):
            raise BuiltInGroupError.of(name)
        if body.description is not None:
            group.description = body.description
        if body.variables is not None:
            group.variables = body.variables
        if body.children is not None:
            await self._set_children(group, body.children)
        self._vault.change_secrets(group, body.secret_variables or {})
        await self._move_hosts(group, body)
        group.updated_at = self._clock.now()
        group.revision += 1
        return await self._describe(group)

    async def delete_group(self, name: str, *, detach: bool) -> None:
        """Delete a group; hosts and groups in it stay, and are only let go with ``detach``.

        Raises:
            GroupNotFoundError: there is none of that name.
            BuiltInGroupError: it is Ansible's own.
            GroupInUseError: something is in it, and nobody said ``detach``.
        """
        group = await self._get_row(name)
        if name in BUILT_IN_GROUPS:
            raise BuiltInGroupError.of(name)
        hosts = (await self._repository.count_hosts([group.id])).get(group.id, 0)
        children = (await self._repository.map_children([group.id])).get(group.id, [])
        if (hosts or children) and not detach:
            raise GroupInUseError.of(name, hosts, len(children))
        await self._repository.delete_group(group)

    async def ensure_groups(self, names: Collection[str]) -> list[models.Group]:
        """Return the rows of these groups, by name; who does not exist is created, empty."""
        found = await self._repository.list_groups_by_name(names)
        missing = sorted(set(names) - {group.name for group in found})
        if not missing:
            return found
        now = self._clock.now()
        created = [make_group(name, now) for name in missing]
        await self._repository.add_groups(created)
        return sorted([*found, *created], key=lambda group: group.name)

    async def get_stamp(self) -> TableStamp:
        """Return what tells one state of all groups from another."""
        return await self._repository.get_stamp()

    async def list_nodes(self) -> list[GroupNode]:
        """List all groups with the groups in them, by name."""
        return await self._repository.list_nodes()

    async def widen_scope(self, scope: Scope) -> Scope:
        """Return the scope with the groups in its groups named too."""
        edges = {node.name: node.children for node in await self.list_nodes()}
        return Scope(
            tuple(
                reach
                if reach.groups is None
                else replace(reach, groups=frozenset(collect_reachable(reach.groups, edges)))
                for reach in scope.reaches
            )
        )

    async def read_variables(self, names: Collection[str]) -> dict[str, GroupVariables]:
        """Read the variables of these groups, the secret ones opened; for hosts, not for people."""
        rows = await self._repository.list_groups_by_name(names)
        return {
            row.name: GroupVariables(row.variables, self._vault.read_secrets(row)) for row in rows
        }

    async def _set_children(self, group: models.Group, names: Sequence[str]) -> None:
        children = await self._repository.list_groups_by_name(names)
        missing = sorted(set(names) - {child.name for child in children})
        if missing:
            raise MemberUnknownError.of("children", "group", missing)
        edges = {node.name: node.children for node in await self._repository.list_nodes()}
        cycle = find_cycle({**edges, group.name: tuple(names)})
        if cycle:
            raise GroupCycleError.of(cycle)
        await self._repository.set_children(group, children)

    async def _move_hosts(self, group: models.Group, body: schemas.GroupUpdate) -> None:
        ids = await self._repository.find_host_ids({*body.add_hosts, *body.remove_hosts})
        missing = [name for name in body.add_hosts if name not in ids]
        if missing:
            raise MemberUnknownError.of("add_hosts", "host", missing)
        await self._repository.add_hosts(group, [ids[name] for name in body.add_hosts])
        leaving = [ids[name] for name in body.remove_hosts if name in ids]
        await self._repository.remove_hosts(group, leaving)

    async def _get_row(self, name: str) -> models.Group:
        group = await self._repository.find_group(name)
        if group is None:
            raise GroupNotFoundError.of(name)
        return group

    async def _describe(self, group: models.Group) -> schemas.Group:
        [described] = await self._describe_all([group])
        return described

    async def _describe_all(self, groups: Sequence[models.Group]) -> list[schemas.Group]:
        ids = [group.id for group in groups]
        children = await self._repository.map_children(ids)
        parents = await self._repository.map_parents(ids)
        counts = await self._repository.count_hosts(ids)
        return [
            schemas.Group(
                name=group.name,
                description=group.description,
                children=children.get(group.id, []),
                parents=parents.get(group.id, []),
                hosts_count=None if group.name in BUILT_IN_GROUPS else counts.get(group.id, 0),
                variables=group.variables,
                secret_variables=sorted(self._vault.read_secrets(group)),
                warnings=list(filter(None, [warn_of_group_name(group.name)])),
                revision=group.revision,
                created_at=group.created_at,
                updated_at=group.updated_at,
            )
            for group in groups
        ]
