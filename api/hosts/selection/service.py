# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are meant, and what does each of them learn of the fleet?

A selection is a pattern of Ansible, requirements on labels, and states; each narrows the others.
Patterns are asked of the fleet in memory. A list's other filters are the database's; a run's labels
are looked at in memory too, and only its states are asked of the database.
"""

from collections.abc import Collection, Sequence
from typing import Any

from api import models
from api.auth.asking import Asker
from api.auth.errors import PermissionDeniedError
from api.core.paging import Slice
from api.groups.fields import BUILT_IN_GROUPS
from api.groups.rows import GroupVariables
from api.groups.service import GroupService
from api.hosts import schemas
from api.hosts.errors import NoHostsMatchedError
from api.hosts.repository import HostRepository
from api.hosts.rows import describe_connection, describe_host
from api.hosts.selection.fleet import Fleet, FleetCache, build_inventory
from api.hosts.selection.labels import match_labels
from api.hosts.selection.patterns import find_members, match_members
from api.hosts.targets import FleetStamp, HostView, Member, Selector
from api.hosts.vault import HostVault

MIN_SECRET_CHARS = 4
"""A shorter value is not masked in logs: it would mask too much else."""

EVERY_HOST = Selector()


class HostSelectionService:
    """The fleet, and choices among it, in one unit of work."""

    def __init__(
        self,
        repository: HostRepository,
        groups: GroupService,
        fleets: FleetCache,
        vault: HostVault,
    ) -> None:
        self._repository = repository
        self._groups = groups
        self._fleets = fleets
        self._vault = vault

    async def list_hosts(self, query: schemas.HostQuery) -> Slice[schemas.Host]:
        """List one page of the hosts that the query describes; that may be none.

        Raises:
            PatternError: the pattern is none.
        """
        page = await self._repository.list_hosts(query, await self._find_ids(query.pattern))
        return page.map(lambda row: describe_host(row, self._vault.list_secret_names(row)))

    async def select_hosts(
        self, patterns: Sequence[str], selector: Selector = EVERY_HOST
    ) -> list[Member]:
        """Return the hosts that a run is for, by name.

        ``patterns`` are the ``hosts`` of a playbook's plays (``["all"]`` for a command), and the
        selector narrows them, its ``limit`` as ``ansible-playbook --limit`` does.

        Raises:
            PatternError: one of the patterns is no Ansible pattern.
            NoHostsMatchedError: nothing matches, or ``limit`` names an unknown host.
        """
        matched = await match_members(await self.get_fleet(), patterns, selector.limit)
        labelled = [each for each in matched if match_labels(selector.labels, each.labels)]
        if not labelled:
            listed = ", ".join(f"'{requirement}'" for requirement in selector.labels)
            raise NoHostsMatchedError(
                f"None of the {len(matched)} hosts has the labels {listed}. "
                "'myx host list --label' shows who has which."
            )
        if not selector.states:
            return labelled
        in_state = await self._repository.list_ids_in_states(selector.states)
        chosen = [member for member in labelled if member.host_id in in_state]
        if not chosen:
            listed = ", ".join(selector.states)
            raise NoHostsMatchedError(
                f"None of the {len(labelled)} hosts is in the state {listed}. "
                "'myx host list --state' shows who is."
            )
        return chosen

    async def check_reach(self, asker: Asker, host_ids: Collection[int]) -> None:
        """Let pass who may do what they ask for on all of these hosts.

        Raises:
            PermissionDeniedError: names the others.
        """
        if asker.scope.host_groups is None:
            return
        fleet, wanted = await self.get_fleet(), frozenset(host_ids)
        outside = [
            member.name
            for member in fleet.members
            if member.host_id in wanted
            and not asker.scope.covers_host(fleet.list_groups_of(member) - BUILT_IN_GROUPS)
        ]
        if outside:
            raise PermissionDeniedError.of_hosts(asker.principal.name, outside)

    async def build_views(self, host_ids: Collection[int]) -> dict[int, HostView]:
        """Build what each of these hosts is told of the fleet, by id; who is gone is left out."""
        fleet = await self.get_fleet()
        hosts = await self._repository.list_hosts_by_id(host_ids)
        members = {host.id: _to_member(host) for host in hosts}
        groups = {key: fleet.list_groups_of(member) for key, member in members.items()}
        variables = await self._groups.read_variables(set[str]().union(*groups.values()))
        return {
            host.id: self._build_view(
                fleet, host, {name: variables[name] for name in groups[host.id] & variables.keys()}
            )
            for host in hosts
        }

    async def find_lacking(
        self, names: Collection[str], host_ids: Collection[int]
    ) -> dict[str, list[str]]:
        """Return the variables that some of the hosts lack, each with the names of these hosts."""
        fleet = await self.get_fleet()
        hosts = await self._repository.list_hosts_by_id(host_ids)
        groups = {host.id: fleet.list_groups_of(_to_member(host)) for host in hosts}
        shared = await self._groups.read_variables(set[str]().union(*groups.values()))
        by_group = {name: {*each.plain, *each.secret} for name, each in shared.items()}
        lacking: dict[str, list[str]] = {}
        for host in hosts:
            own = {*host.variables, *self._vault.list_secret_names(host)}
            known = own.union(*(by_group.get(group, ()) for group in groups[host.id]))
            for name in set(names) - known:
                lacking.setdefault(name, []).append(host.name)
        return {name: sorted(lacking[name]) for name in sorted(lacking)}

    async def get_fleet(self) -> Fleet:
        """Return names, groups and labels of all hosts."""
        stamp = FleetStamp(await self._repository.get_stamp(), await self._groups.get_stamp())
        return await self._fleets.get_fleet(stamp, self._load_fleet)

    async def _load_fleet(self) -> Fleet:
        members = await self._repository.list_members()
        return Fleet(tuple(members), tuple(await self._groups.list_nodes()))

    async def _find_ids(self, pattern: str | None) -> list[int] | None:
        """Return the ids of the hosts that a pattern names, or None where that is all."""
        if pattern is None:
            return None
        fleet = await self.get_fleet()
        members = await find_members(fleet, pattern)
        return None if len(members) == len(fleet.members) else [each.host_id for each in members]

    def _build_view(
        self, fleet: Fleet, host: models.Host, groups: dict[str, GroupVariables]
    ) -> HostView:
        secret = self._vault.read_secrets(host)
        own = {**describe_connection(host), **host.variables, **secret}
        shared = {name: {**each.plain, **each.secret} for name, each in groups.items()}
        values = _list_texts([secret, *(each.secret for each in groups.values())])
        return HostView(build_inventory(host.name, own, shared), fleet.packed, values)


def _to_member(host: models.Host) -> Member:
    return Member(host.id, host.name, tuple(group.name for group in host.groups))


def _list_texts(value: Any) -> list[str]:
    """List all texts in a value that are long enough to be masked."""
    if isinstance(value, str):
        return [value] if len(value) >= MIN_SECRET_CHARS else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _list_texts(each)]
