# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in the fleet, and what does each host's playbook know of it?

Names, groups and labels of all hosts are loaded again only when they have changed: every
execution of a playbook asks for them. A host is told its own variables and those of its groups,
as Ansible's YAML inventory says it in JSON, for Ansible to merge; and of all others the names and
groups, packed once for all, which is what ``groups['web']`` and ``'db' in group_names`` need. The
variables of other hosts may hold secrets and stay here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent_runner.protocol.fleets import FleetGroup, PackedFleet, pack_fleet
from api.groups.fields import BUILT_IN_GROUPS
from api.groups.hierarchy import GroupNode, collect_reachable, invert
from api.hosts.targets import FleetStamp, Member

ALL = "all"
UNGROUPED = "ungrouped"


@dataclass(frozen=True, eq=False)
class Fleet:
    """All hosts and groups at one moment, by name; equal only to itself, so that work is kept."""

    members: tuple[Member, ...]
    groups: tuple[GroupNode, ...] = ()

    @cached_property
    def hosts_by_group(self) -> Mapping[str, AbstractSet[str]]:
        """The names of the hosts in each group, and in those inside it."""
        named = (name for node in self.groups for name in (node.name, *node.children))
        direct: dict[str, set[str]] = {name: set() for name in named}
        for member in self.members:
            for group in member.groups or (UNGROUPED,):
                direct.setdefault(group, set()).add(member.name)
        held = {
            name: hosts.union(*(direct.get(inner, ()) for inner in self._collect_inner(name)))
            for name, hosts in direct.items()
        }
        return {**held, ALL: {member.name for member in self.members}}

    def list_groups_of(self, member: Member) -> set[str]:
        """Return all groups that a host is in: its own, those around them, and Ansible's own."""
        around = collect_reachable(member.groups, self._parents)
        return around | {ALL} if around else {ALL, UNGROUPED}

    @cached_property
    def packed(self) -> str:
        """The names and groups of all hosts in the form that agents take."""
        members: dict[str, list[int]] = {}
        for number, member in enumerate(self.members):
            for group in member.groups:
                members.setdefault(group, []).append(number)
        names = {node.name for node in self.groups} | members.keys()
        groups = {
            name: FleetGroup(members.get(name, []), list(self._children.get(name, ())))
            for name in sorted(names - BUILT_IN_GROUPS)
        }
        return pack_fleet(PackedFleet([member.name for member in self.members], groups))

    @cached_property
    def member_by_id(self) -> Mapping[int, Member]:
        """The hosts by their ids."""
        return {member.host_id: member for member in self.members}

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        return {node.name: node.children for node in self.groups if node.children}

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        return invert(self._children)

    def _collect_inner(self, name: str) -> Iterable[str]:
        return collect_reachable(self._children.get(name, ()), self._children)


class FleetCache:
    """The fleet as it was loaded last; lives as long as the process."""

    def __init__(self) -> None:
        self._known: tuple[FleetStamp, Fleet] | None = None

    async def get_fleet(self, stamp: FleetStamp, load: Callable[[], Awaitable[Fleet]]) -> Fleet:
        """Return the fleet of this ``stamp``, with ``load`` where another one is known."""
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, await load())
        return self._known[1]


def build_inventory(
    name: str, variables: dict[str, Any], group_variables: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Build what host ``name`` learns of itself: its variables, and those of its groups."""
    groups = {group: {"vars": own} for group, own in sorted(group_variables.items()) if own}
    everything = groups.pop(ALL, {})
    return {ALL: {**everything, "hosts": {name: variables}, "children": groups}}
