# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credentials has an agent now, and which next? Part of the hosts' service.

The next pair is sealed beside the current one before the agent is told of it, and takes its
place when the agent has answered to it. So whatever is cut off in between, one of the two is
right, and the other is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api import models
from api.agents.calls import Endpoint
from api.core.clock import Clock
from api.hosts import schemas
from api.hosts.errors import CredentialsChangedError, HostNotFoundError
from api.hosts.identity import renew_secrets
from api.hosts.repository import HostRepository
from api.hosts.rows import describe_host, get_agent
from api.hosts.targets import AgentIdentity
from api.hosts.vault import HostVault


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """What is needed to give an agent its next credentials."""

    host_id: int
    current: Endpoint
    next: Endpoint
    identity: AgentIdentity


class HostRotationService:
    """The credentials of agents, in one unit of work."""

    def __init__(self, repository: HostRepository, vault: HostVault, clock: Clock) -> None:
        self._repository = repository
        self._vault = vault
        self._clock = clock

    async def prepare_rotation(self, name: str) -> RotationPlan:
        """Seal the next credentials of a host's agent, or find those that were begun with.

        Raises:
            HostNotFoundError: there is no such host.
            AgentNotInstalledError: it has no agent.
        """
        host = await self._repository.find_host(name)
        if host is None:
            raise HostNotFoundError.of(name)
        endpoint, agent = self._vault.read_endpoint(host), get_agent(host)
        identity = self._vault.find_next_identity(agent)
        if identity is None:
            identity = renew_secrets(self._vault.read_identity(agent))
            self._vault.keep_next_identity(agent, identity)
        # Exactly these two may be tried: another one would be of a rotation after this one.
        current = replace(endpoint, host_id=None)
        following = replace(current, agent_token=identity.agent_token)
        return RotationPlan(host.id, current, following, identity)

    async def settle(self, host_id: int, token: str) -> schemas.Host:
        """Let the credentials with this token be the current ones: the agent answers to them.

        Raises:
            HostNotFoundError: the host was removed meanwhile.
            CredentialsChangedError: it has others by now.
        """
        host = await self._repository.find_host_by_id(host_id)
        if host is None:
            raise HostNotFoundError("The host was removed meanwhile.")
        agent = get_agent(host)
        identity = self._vault.find_next_identity(agent)
        if identity is not None and identity.agent_token == token:
            self._vault.keep_identity(host, identity)
            agent.credentials_rotated_at = self._clock.now()
        elif self._vault.read_identity(agent).agent_token != token:
            raise CredentialsChangedError.of(host.name)
        return describe_host(host, self._vault.list_secret_names(host))

    async def list_endpoints(self, host_id: int) -> Sequence[Endpoint]:
        """Return how the host's agent may be called by now, the likelier way first."""
        host = await self._repository.find_host_by_id(host_id)
        if host is None or host.agent is None or host.agent.cert_fingerprint is None:
            return []
        return self._describe_ways(host, host.agent)

    def _describe_ways(self, host: models.Host, agent: models.Agent) -> list[Endpoint]:
        ways = [self._vault.read_endpoint(host)]
        identity = self._vault.find_next_identity(agent)
        if identity is not None:
            ways.append(replace(ways[0], agent_token=identity.agent_token))
        return ways
