# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with hosts, under which rules? Knows neither HTTP nor SQL."""

from collections.abc import Collection, Sequence
from typing import Any

from api import models
from api.core.clock import Clock
from api.core.paging import Slice
from api.hosts import schemas
from api.hosts.errors import HostExistsError, HostNotFoundError
from api.hosts.fleet import Fleet, FleetCache, build_inventory
from api.hosts.patterns import match_members
from api.hosts.repository import HostRepository
from api.hosts.rows import describe_host, make_host, mark_changed, move_host, set_groups
from api.hosts.targets import Member, SshCredentials
from api.hosts.vault import HostVault


class HostService:
    """The hosts and their groups, in one unit of work."""

    def __init__(
        self, repository: HostRepository, fleets: FleetCache, vault: HostVault, clock: Clock
    ) -> None:
        self._repository = repository
        self._fleets = fleets
        self._vault = vault
        self._clock = clock

    async def create_host(self, body: schemas.HostCreate) -> schemas.Host:
        """Add a host.

        Raises:
            HostExistsError: the name is taken.
        """
        if await self._repository.find_host(body.name) is not None:
            raise HostExistsError.of(body.name)
        host = make_host(
            name=body.name,
            address=body.address,
            ssh_user=body.ssh_user,
            ssh_port=body.ssh_port,
            groups=body.groups,
            variables=body.variables,
            at=self._clock.now(),
        )
        await self._repository.add_host(host)
        self._vault.keep_credentials(host, _merge_credentials(SshCredentials(), body))
        return describe_host(host)

    async def get_host(self, name: str) -> schemas.Host:
        """Return a host.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        return describe_host(await self._get_row(name))

    async def list_hosts(self, query: schemas.HostQuery) -> Slice[schemas.Host]:
        """List one page of the hosts that the query describes."""
        return (await self._repository.list_hosts(query)).map(describe_host)

    async def update_host(self, name: str, body: schemas.HostUpdate) -> schemas.Host:
        """Change what the body names.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        host = await self._get_row(name)
        move_host(host, body.address or host.address, body.ssh_port or host.ssh_port)
        host.ssh_user = body.ssh_user or host.ssh_user
        if body.variables is not None:
            host.variables = body.variables
        if body.groups is not None:
            set_groups(host, body.groups)
        kept = self._vault.read_credentials(host)
        base = SshCredentials() if body.forget_ssh_credentials else kept
        self._vault.keep_credentials(host, _merge_credentials(base, body))
        mark_changed(host, self._clock.now())
        return describe_host(host)

    async def delete_host(self, name: str) -> None:
        """Forget a host; an agent that runs there is left alone, and executions stay.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        await self._repository.delete_host(await self._get_row(name))

    async def select_hosts(self, patterns: Sequence[str], limit: str | None = None) -> list[Member]:
        """Return the hosts that a run is for, by name.

        ``patterns`` are the ``hosts`` of a playbook's plays (``["all"]`` for a command), and
        ``limit`` narrows them as ``ansible-playbook --limit`` does.

        Raises:
            PatternError: one of them is no Ansible pattern.
            NoHostsMatchedError: nothing matches, or ``limit`` names an unknown host.
        """
        return await match_members(await self._get_fleet(), patterns, limit)

    async def build_inventories(self, host_ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Build the inventory that each of these hosts gets, by id; who is gone is left out."""
        fleet = await self._get_fleet()
        hosts = await self._repository.list_hosts_by_id(host_ids)
        return {host.id: build_inventory(fleet, host.name, host.variables) for host in hosts}

    async def _get_fleet(self) -> Fleet:
        stamp = await self._repository.get_fleet_stamp()
        return await self._fleets.get_fleet(stamp, self._repository.list_members)

    async def _get_row(self, name: str) -> models.Host:
        host = await self._repository.find_host(name)
        if host is None:
            raise HostNotFoundError.of(name)
        return host


def _merge_credentials(
    kept: SshCredentials, body: schemas.HostCreate | schemas.HostUpdate
) -> SshCredentials:
    key, password = body.ssh_private_key, body.ssh_password
    return SshCredentials(
        private_key=kept.private_key if key is None else key.get_secret_value(),
        password=kept.password if password is None else password.get_secret_value(),
    )
