# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the agents of hosts: installed, enrolled, reached, lost, uninstalled?

Part of the hosts' service, in a unit of work like it. ``HostContacts`` is what talks to agents.
"""

from collections.abc import Collection, Sequence

from api import models
from api.agents.calls import Endpoint
from api.core.clock import Clock
from api.groups.service import GroupService
from api.hosts import schemas
from api.hosts.errors import HostInMaintenanceError, HostNotFoundError
from api.hosts.identity import make_identity
from api.hosts.presence.service import PresenceService
from api.hosts.repository import HostRepository
from api.hosts.rows import describe_host, get_agent, make_host, mark_changed, move_host
from api.hosts.targets import AgentIdentity, Contact, InstallPlan, InstallRecord
from api.hosts.vault import HostVault


class HostAgentService:
    """The agents of the hosts, in one unit of work."""

    def __init__(
        self,
        repository: HostRepository,
        groups: GroupService,
        presence: PresenceService,
        vault: HostVault,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._groups = groups
        self._presence = presence
        self._vault = vault
        self._clock = clock

    async def prepare_install(self, names: Sequence[str]) -> list[InstallPlan]:
        """Return what is needed to install these hosts, in the order of their names.

        A host that has no agent identity yet gets one, which stays for every later install.

        Raises:
            HostNotFoundError: names all that do not exist.
        """
        hosts = await self._repository.list_hosts_by_name(names)
        missing = sorted(set(names) - {host.name for host in hosts})
        if missing:
            raise HostNotFoundError.of(*missing)
        taken = await self._repository.list_taken_ports()
        for host in hosts:
            if host.agent is None:
                identity = make_identity(taken)
                taken.add(identity.rpc_port)
                self._vault.keep_identity(host, identity)
        return [self._plan_install(host) for host in hosts]

    async def record_install(
        self, host_id: int, record: InstallRecord, *, forget_ssh_credentials: bool = False
    ) -> None:
        """Pin the certificate of an agent that was installed and answers.

        Raises:
            HostNotFoundError: the host was removed meanwhile.
        """
        host = await self._get_row(host_id)
        # What the installation wrote counts, also where a rotation came between.
        agent = self._vault.keep_identity(host, record.identity)
        agent.cert_fingerprint = record.cert_fingerprint
        host.ssh_host_key = record.host_key or host.ssh_host_key
        if forget_ssh_credentials:
            host.ssh_credentials_sealed = None
        await self._mark_online(agent, record.version, "The agent was installed.")

    async def record_uninstall(self, host_id: int) -> None:
        """Write down that the host has no agent any more; its identity stays for the next one.

        Raises:
            HostNotFoundError: the host was removed meanwhile.
        """
        agent = get_agent(await self._get_row(host_id))
        agent.status, agent.cert_fingerprint = "not_installed", None
        agent.version, agent.last_error, agent.load = None, None, None
        await self._presence.note_state(host_id, "not_installed", "The agent was removed.")

    async def record_contacts(self, contacts: Sequence[Contact]) -> None:
        """Write down which agents answered; hosts without an installed agent are passed over."""
        await self._presence.record_contacts(contacts)

    async def get_endpoint(self, host_id: int) -> Endpoint:
        """Return where and how the host's agent is called.

        Raises:
            HostNotFoundError: the host was removed.
            AgentNotInstalledError: it has no agent.
        """
        return self._vault.read_endpoint(await self._get_row(host_id))

    async def find_endpoints(self, host_ids: Collection[int]) -> dict[int, Endpoint]:
        """Return where and how the agents of these hosts are called; who has none is left out."""
        addresses = await self._repository.list_addresses(host_ids)
        return {each.host_id: self._vault.open_endpoint(each) for each in addresses}

    async def find_endpoint(self, name: str) -> tuple[int, Endpoint]:
        """Return the id of a host, and where and how its agent is called; raises likewise."""
        host = await self._repository.find_host(name)
        if host is None:
            raise HostNotFoundError.of(name)
        return host.id, self._vault.read_endpoint(host)

    async def find_connection(self, name: str) -> Endpoint:
        """Return where and how the agent of a host is called on which something shall begin.

        Raises:
            HostNotFoundError: there is no such host within the scope.
            AgentNotInstalledError: it has no agent.
            HostInMaintenanceError: nothing begins there now.
        """
        host = await self._repository.find_host(name)
        if host is None:
            raise HostNotFoundError.of(name)
        if host.maintenance_since is not None:
            raise HostInMaintenanceError.of(name, host.maintenance_reason)
        return self._vault.read_endpoint(host)

    async def enroll_host(self, name: str, body: schemas.Enrollment, version: str) -> schemas.Host:
        """Take over an agent that answered with ``version`` under the certificate in ``body``."""
        host = await self._repository.find_host(name)
        if host is None:
            host = self._make_host(name, body)
            await self._repository.add_host(host)
        groups = None if body.groups is None else await self._groups.ensure_groups(body.groups)
        await self._take_over(host, body, groups, version)
        return describe_host(host, self._vault.list_secret_names(host))

    async def enroll_hosts(self, answered: Sequence[tuple[str, schemas.Enrollment, str]]) -> None:
        """Take over many agents, each a name, what is known of it and its version, at once."""
        names = [name for name, _, _ in answered]
        hosts = {host.name: host for host in await self._repository.list_hosts_by_name(names)}
        new = {name: self._make_host(name, body) for name, body, _ in answered if name not in hosts}
        await self._repository.add_hosts(list(new.values()))
        hosts |= new
        named = {group for _, body, _ in answered for group in body.groups or ()}
        groups = {group.name: group for group in await self._groups.ensure_groups(named)}
        for name, body, version in answered:
            own = None if body.groups is None else [groups[group] for group in body.groups]
            await self._take_over(hosts[name], body, own, version)

    def _make_host(self, name: str, body: schemas.Enrollment) -> models.Host:
        return make_host(name=name, address=body.address, variables={}, at=self._clock.now())

    async def _take_over(
        self,
        host: models.Host,
        body: schemas.Enrollment,
        groups: list[models.Group] | None,
        version: str,
    ) -> None:
        move_host(host, body.address, host.ssh_port)
        if groups is not None:
            host.groups = groups
        if body.variables is not None:
            host.variables = body.variables
        agent = self._vault.keep_identity(host, _read_identity(body))
        agent.cert_fingerprint = body.cert_fingerprint
        mark_changed(host, self._clock.now())
        await self._mark_online(agent, version, "The agent was enrolled.")

    async def _mark_online(self, agent: models.Agent, version: str, reason: str) -> None:
        if agent.status != "online":
            await self._presence.note_online(agent.host_id, agent.status, reason)
        agent.status, agent.version = "online", version
        agent.last_seen_at, agent.last_error = self._clock.now(), None

    def _plan_install(self, host: models.Host) -> InstallPlan:
        return InstallPlan(
            host_id=host.id,
            name=host.name,
            address=host.address,
            ssh_user=host.ssh_user,
            ssh_port=host.ssh_port,
            credentials=self._vault.read_credentials(host),
            host_key=host.ssh_host_key,
            identity=self._vault.read_identity(get_agent(host)),
        )

    async def _get_row(self, host_id: int) -> models.Host:
        host = await self._repository.find_host_by_id(host_id)
        if host is None:
            raise HostNotFoundError("The host was removed meanwhile.")
        return host


def _read_identity(body: schemas.Enrollment) -> AgentIdentity:
    return AgentIdentity(
        rpc_port=body.rpc_port,
        rpc_path=body.rpc_path,
        agent_token=body.agent_token.get_secret_value(),
        secret_key=body.secret_key.get_secret_value(),
    )
