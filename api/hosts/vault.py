# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets has a host, and to which place is each bound? Rows hold them only sealed."""

import dataclasses

from api.core.sealing import Sealer
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

    def keep_identity(self, host: Host, identity: AgentIdentity) -> Agent:
        """Seal the identity into the host's agent, which is made where there is none yet."""
        token = self._sealer.seal(identity.agent_token.encode(), _token_context(host.id))
        key = self._sealer.seal(identity.secret_key.encode(), _key_context(host.id))
        agent = host.agent or Agent(host_id=host.id, status="not_installed")
        agent.rpc_port, agent.rpc_path = identity.rpc_port, identity.rpc_path
        agent.token_sealed, agent.secret_key_sealed = token, key
        host.agent = agent
        return agent


def _credentials_context(host_id: int) -> str:
    return f"hosts/{host_id}/ssh_credentials"


def _token_context(host_id: int) -> str:
    return f"agents/{host_id}/token"


def _key_context(host_id: int) -> str:
    return f"agents/{host_id}/secret_key"
