# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in the fleet, and what does each host's playbook know of it?

Names and groups of all hosts are loaded again only when they have changed: every execution of a
playbook asks for them. A host's inventory, in Ansible's YAML form as JSON, holds its own variables,
and of all others names and groups, which is what ``groups['web']`` and ``'db' in group_names``
need; their variables may hold secrets.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from api.hosts.targets import FleetStamp, Member


@dataclass(frozen=True, eq=False, slots=True)
class Fleet:
    """All hosts at one moment, by name; equal only to itself, so that what it led to is kept."""

    members: tuple[Member, ...]


class FleetCache:
    """The fleet as it was loaded last; lives as long as the process."""

    def __init__(self) -> None:
        self._known: tuple[FleetStamp, Fleet] | None = None

    async def get_fleet(
        self, stamp: FleetStamp, load: Callable[[], Awaitable[Sequence[Member]]]
    ) -> Fleet:
        """Return the fleet of this ``stamp``, with ``load`` where another one is known."""
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, Fleet(tuple(await load())))
        return self._known[1]


def build_inventory(fleet: Fleet, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Build the inventory that host ``name`` gets; ``variables`` are its own."""
    shared = _build_shared(fleet)
    return {"all": {"hosts": {**shared.hosts, name: variables}, "children": shared.children}}


class _Shared(NamedTuple):
    """What is the same in the inventories of all hosts."""

    hosts: dict[str, None]
    children: dict[str, Any]


@lru_cache(maxsize=1)
def _build_shared(fleet: Fleet) -> _Shared:
    groups: dict[str, dict[str, None]] = {}
    for member in fleet.members:
        for group in member.groups:
            groups.setdefault(group, {})[member.name] = None
    children = {group: {"hosts": names} for group, names in sorted(groups.items())}
    return _Shared({member.name: None for member in fleet.members}, children)
