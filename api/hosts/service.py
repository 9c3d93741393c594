# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with hosts, under which rules? Knows neither HTTP nor SQL."""

from collections.abc import Collection, Sequence

from api import models
from api.auth.membership import check_groups
from api.auth.scopes import EVERYTHING, Scope
from api.core.clock import Clock
from api.groups.errors import ChangedMeanwhileError
from api.groups.service import GroupService
from api.hosts import schemas
from api.hosts.errors import HostExistsError, HostNotFoundError
from api.hosts.presence.service import PresenceService
from api.hosts.repository import HostRepository
from api.hosts.rows import describe_agent, describe_host, make_host, mark_changed, move_host
from api.hosts.targets import HostStanding, SshCredentials
from api.hosts.vault import HostVault

MAX_IDS = 500
"""Ids in one query; databases limit how many values a statement may have."""

DESCRIBED = ("labels", "description", "location", "provider", "idc")
"""What people write down of a host, taken over as it is."""


class HostService:
    """The hosts, in one unit of work."""

    def __init__(
        self,
        repository: HostRepository,
        groups: GroupService,
        presence: PresenceService,
        vault: HostVault,
        clock: Clock,
        scope: Scope = EVERYTHING,
    ) -> None:
        self._repository = repository
        self._groups = groups
        self._presence = presence
        self._vault = vault
        self._clock = clock
        self._scope = scope

    async def create_host(self, body: schemas.HostCreate) -> schemas.Host:
        """Add a host.

        Raises:
            HostExistsError: the name is taken.
            GroupsOutOfReachError: it would not be within the scope, or in a group that is not.
        """
        await self._check_groups((), body.groups)
        if await self._repository.find_host(body.name) is not None:
            raise HostExistsError.of(body.name)
        host = make_host(
            name=body.name,
            address=body.address,
            ssh_user=body.ssh_user,
            ssh_port=body.ssh_port,
            groups=await self._groups.ensure_groups(body.groups),
            variables=body.variables,
            at=self._clock.now(),
            **{name: getattr(body, name) for name in DESCRIBED},
        )
        await self._repository.add_host(host)
        self._vault.keep_credentials(host, _merge_credentials(SshCredentials(), body))
        self._vault.change_secrets(host, body.secret_variables)
        return self._describe(host)

    async def get_host(self, name: str) -> schemas.Host:
        """Return a host.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        return self._describe(await self._get_row(name))

    async def update_host(self, name: str, body: schemas.HostUpdate) -> schemas.Host:
        """Change what the body names.

        Raises:
            HostNotFoundError: there is none of that name.
            GroupsOutOfReachError: it would leave the scope, or a group that is not within it.
            ChangedMeanwhileError: it has another revision than the body says.
        """
        host = await self._get_row(name)
        if body.revision not in {None, host.revision}:
            raise ChangedMeanwhileError
        move_host(host, body.address or host.address, body.ssh_port or host.ssh_port)
        host.ssh_user = body.ssh_user or host.ssh_user
        for field in ("variables", *DESCRIBED):
            if getattr(body, field) is not None:
                setattr(host, field, getattr(body, field))
        if body.groups is not None:
            await self._check_groups([group.name for group in host.groups], body.groups)
            host.groups = await self._groups.ensure_groups(body.groups)
        for limit in ("max_playbooks", "max_commands"):
            if limit in body.model_fields_set:
                setattr(host, limit, getattr(body, limit))
        self._vault.change_secrets(host, body.secret_variables or {})
        kept = self._vault.read_credentials(host)
        base = SshCredentials() if body.forget_ssh_credentials else kept
        self._vault.keep_credentials(host, _merge_credentials(base, body))
        mark_changed(host, self._clock.now())
        return self._describe(host)

    async def delete_host(self, name: str) -> None:
        """Forget a host; an agent that runs there is left alone, and executions stay.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        await self._repository.delete_host(await self._get_row(name))

    async def _check_groups(self, before: Collection[str], after: Collection[str]) -> None:
        if self._scope.host_groups is not None:
            check_groups(await self._groups.widen_scope(self._scope), before, after)

    async def list_standings(self, host_ids: Collection[int]) -> dict[int, HostStanding]:
        """Return what keeps new executions from these hosts, and their limits, by id."""
        standings: dict[int, HostStanding] = {}
        ids = list(host_ids)
        for start in range(0, len(ids), MAX_IDS):
            standings |= await self._repository.list_standings(ids[start : start + MAX_IDS])
        return standings

    async def find_ids(self, names: Sequence[str]) -> dict[str, int]:
        """Return the ids of the hosts with these names, as far as they are known."""
        rows = await self._repository.list_hosts_by_name(names)
        return {row.name: row.id for row in rows}

    async def set_maintenance(
        self, name: str, body: schemas.Maintenance
    ) -> tuple[int, schemas.Host]:
        """Let nothing new start on a host, or let it again; return its id too.

        Raises:
            HostNotFoundError: there is none of that name.
        """
        host = await self._get_row(name)
        now = self._clock.now()
        await self._note_maintenance(host, body)
        host.maintenance_since = (host.maintenance_since or now) if body.enabled else None
        host.maintenance_reason = body.reason if body.enabled else None
        mark_changed(host, now)
        return host.id, self._describe(host)

    async def _note_maintenance(self, host: models.Host, body: schemas.Maintenance) -> None:
        if body.enabled and host.maintenance_since is None:
            reason = body.reason or "No reason given."
            await self._presence.note_state(host.id, "maintenance", reason)
        elif not body.enabled and host.maintenance_since is not None:
            await self._presence.note_end_of_maintenance(
                host.id, describe_agent(host.agent).status, host.maintenance_since
            )

    def _describe(self, host: models.Host) -> schemas.Host:
        return describe_host(host, self._vault.list_secret_names(host))

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
