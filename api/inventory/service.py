# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a whole inventory taken over and given out? Knows neither HTTP nor SQL."""

from typing import Any

from api.core.clock import Clock
from api.groups.bulk import GroupBulkService
from api.hosts.bulk.service import HostBulkService
from api.hosts.errors import HostNotFoundError
from api.inventory.document import Inventory
from api.inventory.export import build_document, list_variables
from api.inventory.schemas import Changes, ImportResult


class InventoryService:
    """The hosts and groups as a whole, in one unit of work."""

    def __init__(self, hosts: HostBulkService, groups: GroupBulkService, clock: Clock) -> None:
        self._hosts = hosts
        self._groups = groups
        self._clock = clock

    async def take_over(self, inventory: Inventory, *, prune: bool, dry_run: bool) -> ImportResult:
        """Make hosts and groups what the inventory says.

        A host gets exactly the variables and groups that it has there; of groups, variables and
        children are added. With ``prune``, what is not there goes.

        Raises:
            GroupCycleError: with the groups that are here already, one would be inside itself.
        """
        now = self._clock.now()
        memberships = {group for spec in inventory.hosts for group in spec.groups}
        groups = await self._groups.plan(inventory.groups, memberships, prune=prune)
        hosts = await self._hosts.plan(inventory.hosts, prune=prune)
        warnings = list(inventory.warnings)
        if hosts.kept:
            listed = ", ".join(hosts.kept)
            warnings.append(f"not in the inventory, but kept since they have an agent: {listed}")
        if not dry_run:
            ids = await self._groups.carry_out(groups, now)
            await self._hosts.carry_out(hosts, ids, now)
            await self._groups.remove(groups)
        return ImportResult(
            dry_run=dry_run,
            hosts=Changes(
                created=[spec.name for spec in hosts.created],
                updated=[spec.name for spec in hosts.updated],
                removed=hosts.removed,
                unchanged=hosts.unchanged,
            ),
            groups=Changes(
                created=groups.created,
                updated=groups.updated,
                removed=groups.removed,
                unchanged=groups.unchanged,
            ),
            warnings=warnings,
        )

    async def export(self) -> dict[str, Any]:
        """Return the inventory as a script inventory prints it for ``--list``; no secrets."""
        return build_document(await self._hosts.list_specs(), await self._groups.list_specs())

    async def export_host(self, name: str) -> dict[str, Any]:
        """Return the variables of a host as a script inventory prints them for ``--host``.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        found = await self._hosts.list_specs([name])
        if not found:
            raise HostNotFoundError.of(name)
        return list_variables(found[0])
