# SPDX-License-Identifier: GPL-3.0-or-later
"""How do all groups become what an inventory says? Planned first, then carried out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.groups.errors import GroupCycleError
from api.groups.fields import BUILT_IN_GROUPS
from api.groups.hierarchy import find_cycle
from api.groups.repository import GroupRepository
from api.groups.rows import GroupSpec, make_group
from api.groups.vault import GroupVault
from api.models import Group


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What is to be done with which groups."""

    wanted: Mapping[str, GroupSpec]
    """All groups that are created or updated, as they will be."""
    created: list[str]
    updated: list[str]
    removed: list[str]
    unchanged: int
    rows: Mapping[str, Group]


class GroupBulkService:
    """All groups at once, in one unit of work."""

    def __init__(self, repository: GroupRepository, vault: GroupVault) -> None:
        self._repository = repository
        self._vault = vault

    async def plan(
        self, specs: Iterable[GroupSpec], memberships: Iterable[str], *, prune: bool
    ) -> GroupPlan:
        """Say what is to be done; ``memberships`` are groups that hosts are in.

        Raises:
            GroupCycleError: a group would be inside itself.
        """
        rows = {row.name: row for row in await self._repository.list_all_groups()}
        edges = {node.name: node.children for node in await self._repository.list_nodes()}
        wanted = _complete(specs, memberships)
        merged = {
            name: self._merge(spec, rows.get(name), edges.get(name, ()), prune=prune)
            for name, spec in wanted.items()
        }
        left = rows.keys() - merged.keys() - BUILT_IN_GROUPS
        removed = sorted(left) if prune else []
        after = {**edges, **{name: spec.children for name, spec in merged.items()}}
        cycle = find_cycle({name: after[name] for name in after if name not in removed})
        if cycle:
            raise GroupCycleError.of(cycle)
        created = sorted(merged.keys() - rows.keys())
        updated = sorted(
            name
            for name in merged.keys() & rows.keys()
            if self._differs(merged[name], rows[name], edges.get(name, ()))
        )
        changed = {name: merged[name] for name in (*created, *updated)}
        unchanged = len(merged) - len(changed)
        return GroupPlan(changed, created, updated, removed, unchanged, rows)

    async def carry_out(self, plan: GroupPlan, at: datetime) -> dict[str, int]:
        """Create and update groups, and return the ids of all."""
        created = {name: make_group(name, at) for name in plan.created}
        if created:
            await self._repository.add_groups(list(created.values()))
        rows = {**plan.rows, **created}
        for name, spec in plan.wanted.items():
            row = rows[name]
            row.variables = dict(spec.variables)
            self._vault.change_secrets(row, spec.secrets)
            children = [rows[child] for child in spec.children]
            await self._repository.set_children(row, children)
            row.updated_at = at
            row.revision += 1
        return {name: row.id for name, row in rows.items()}

    async def remove(self, plan: GroupPlan) -> None:
        """Remove the groups that nothing is left of."""
        for name in plan.removed:
            await self._repository.delete_group(plan.rows[name])

    async def list_specs(self) -> list[GroupSpec]:
        """List all groups within the scope as an inventory describes them, without secrets."""
        edges = {node.name: node.children for node in await self._repository.list_nodes()}
        return [
            GroupSpec(row.name, edges.get(row.name, ()), row.variables)
            for row in await self._repository.list_all_groups()
        ]

    def _merge(
        self, spec: GroupSpec, row: Group | None, children: Sequence[str], *, prune: bool
    ) -> GroupSpec:
        if row is None or prune:
            return spec
        inside = tuple(sorted({*children, *spec.children}))
        kept = {name: value for name, value in row.variables.items() if name not in spec.secrets}
        return GroupSpec(spec.name, inside, {**kept, **spec.variables}, spec.secrets)

    def _differs(self, spec: GroupSpec, row: Group, children: Sequence[str]) -> bool:
        if (dict(spec.variables), set(spec.children)) != (row.variables, set(children)):
            return True
        return bool(spec.secrets) and not _is_part(spec.secrets, self._vault.read_secrets(row))


def _complete(specs: Iterable[GroupSpec], memberships: Iterable[str]) -> dict[str, GroupSpec]:
    """Return all groups that are spoken of, by name; of some nothing but the name is known."""
    named = {spec.name: spec for spec in specs}
    spoken_of = [child for spec in named.values() for child in spec.children]
    return {name: GroupSpec(name) for name in (*spoken_of, *memberships)} | named


def _is_part(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(whole.get(name) == value for name, value in part.items())
