# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets has a host, and to which place is each bound? Rows hold them only sealed."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from api.agents.calls import Endpoint
from api.core.sealing import Sealer
from api.groups.fields import merge_secrets
from api.hosts.errors import AgentNotInstalledError
from api.hosts.presence.watched import AgentAddress
from api.hosts.rows import get_agent
from api.hosts.targets import AgentIdentity, SshCredentials
from api.models import Agent, Host


class HostVault:
    """Puts secrets into rows of hosts and agents, and reads them; rows must have their id."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def read_credentials(self, host: Host) -> SshCredentials:
        """Open the SSH credentials that are kept for the host; none are kept: both ``None``."""
        if host.ssh_credentials_sealed is None:
            return SshCredentials()
        context = _credentials_context(host.id)
        return SshCredentials(**self._sealer.unseal_json(host.ssh_credentials_sealed, context))

    def keep_credentials(self, host: Host, credentials: SshCredentials) -> None:
        """Seal the credentials into the host's row; without any, forget what was kept."""
        if credentials == SshCredentials():
            host.ssh_credentials_sealed = None
            return
        values = dataclasses.asdict(credentials)
        host.ssh_credentials_sealed = self._sealer.seal_json(values, _credentials_context(host.id))

    def read_secrets(self, host: Host) -> dict[str, Any]:
        """Open the secret variables of the host."""
        return self.open_secrets(host.id, host.secret_variables_sealed)

    def open_secrets(self, host_id: int, sealed: bytes | None) -> dict[str, Any]:
        """Open what ``seal_secrets`` made for that host."""
        if sealed is None:
            return {}
        secrets: dict[str, Any] = self._sealer.unseal_json(sealed, _variables_context(host_id))
        return secrets

    def seal_secrets(self, host_id: int, secrets: Mapping[str, Any]) -> bytes | None:
        """Seal the secret variables of a host; without any, there is nothing to keep."""
        return (
            self._sealer.seal_json(dict(secrets), _variables_context(host_id)) if secrets else None
        )

    def list_secret_names(self, host: Host) -> list[str]:
        """List what the secret variables of the host are called."""
        return sorted(self.read_secrets(host))

    def change_secrets(self, host: Host, changes: Mapping[str, Any]) -> None:
        """Set secret variables of the host, or take them out with None; the rest stays."""
        if changes:
            secrets = merge_secrets(self.read_secrets(host), changes)
            host.secret_variables_sealed = self.seal_secrets(host.id, secrets)

    def read_identity(self, agent: Agent) -> AgentIdentity:
        """Open the identity of an agent."""
        token = self._sealer.unseal(agent.token_sealed, _token_context(agent.host_id))
        key = self._sealer.unseal(agent.secret_key_sealed, _key_context(agent.host_id))
        return AgentIdentity(
            rpc_port=agent.rpc_port,
            rpc_path=agent.rpc_path,
            agent_token=token.decode(),
            secret_key=key.decode(),
        )

    def read_endpoint(self, host: Host) -> Endpoint:
        """Return where and how the host's agent is called.

        Raises:
            AgentNotInstalledError: it has no agent.
        """
        agent = get_agent(host)
        if agent.cert_fingerprint is None:
            raise AgentNotInstalledError.of(host.name)
        return self.open_endpoint(
            AgentAddress(
                host.id,
                host.name,
                host.address,
                agent.rpc_port,
                agent.rpc_path,
                agent.token_sealed,
                agent.cert_fingerprint,
            )
        )

    def open_endpoint(self, address: AgentAddress) -> Endpoint:
        """Return the endpoint of which this is what the database holds."""
        token = self._sealer.unseal(address.token_sealed, _token_context(address.host_id))
        return Endpoint(
            host=address.name,
            address=address.address,
            rpc_port=address.rpc_port,
            rpc_path=address.rpc_path,
            agent_token=token.decode(),
            cert_fingerprint=address.cert_fingerprint,
            host_id=address.host_id,
        )

    def keep_identity(self, host: Host, identity: AgentIdentity) -> Agent:
        """Seal the identity into the host's agent, which is made where there is none yet."""
        token = self._sealer.seal(identity.agent_token.encode(), _token_context(host.id))
        key = self._sealer.seal(identity.secret_key.encode(), _key_context(host.id))
        agent = host.agent or Agent(host_id=host.id, status="not_installed")
        agent.rpc_port, agent.rpc_path = identity.rpc_port, identity.rpc_path
        agent.token_sealed, agent.secret_key_sealed = token, key
        agent.next_token_sealed = agent.next_secret_key_sealed = None
        host.agent = agent
        return agent

    def find_next_identity(self, agent: Agent) -> AgentIdentity | None:
        """Open the identity that a rotation has begun to give to the agent, if there is one."""
        if agent.next_token_sealed is None or agent.next_secret_key_sealed is None:
            return None
        token = self._sealer.unseal(agent.next_token_sealed, _next_token_context(agent.host_id))
        key = self._sealer.unseal(agent.next_secret_key_sealed, _next_key_context(agent.host_id))
        return AgentIdentity(agent.rpc_port, agent.rpc_path, token.decode(), key.decode())

    def keep_next_identity(self, agent: Agent, identity: AgentIdentity) -> None:
        """Seal the token and secret key of an identity beside those of now."""
        token, key = identity.agent_token.encode(), identity.secret_key.encode()
        agent.next_token_sealed = self._sealer.seal(token, _next_token_context(agent.host_id))
        agent.next_secret_key_sealed = self._sealer.seal(key, _next_key_context(agent.host_id))


def _credentials_context(host_id: int) -> str:
    return f"hosts/{host_id}/ssh_credentials"


def _variables_context(host_id: int) -> str:
    return f"hosts/{host_id}/variables"


def _token_context(host_id: int) -> str:
    return f"agents/{host_id}/token"


def _key_context(host_id: int) -> str:
    return f"agents/{host_id}/secret_key"


def _next_token_context(host_id: int) -> str:
    return f"agents/{host_id}/next_token"


def _next_key_context(host_id: int) -> str:
    return f"agents/{host_id}/next_secret_key"
