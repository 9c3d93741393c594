# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an agent get new credentials, whatever is cut off in between?

1. The next pair is sealed in the database. 2. The agent writes it down beside the old one and
takes both. 3. A call with the new token proves that it is right; the agent forgets the old one.
4. The next pair becomes the current one. A rotation that was cut off is taken up where it stands.
"""

from agent_runner.protocol.credentials import RotateCredentialsParams
from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEALTH_CHECK, ROTATE_CREDENTIALS, AgentCalls
from api.agents.errors import AgentAuthError, AgentError
from api.auth.scopes import Scope
from api.hosts import schemas
from api.hosts.errors import AgentFailedError
from api.hosts.rotation.service import RotationPlan
from api.hosts.rotation.work import OpenRotationWork
from api.hosts.targets import Contact

OVERLAP_S = 600.0
"""How long the agent takes the old token if nobody ever shows the new one."""


class HostRotator:
    """Rotates the credentials of agents; lives as long as the process."""

    def __init__(self, open_work: OpenRotationWork, agents: AgentCalls) -> None:
        self._open_work = open_work
        self._agents = agents

    async def rotate(self, name: str, principal: str, scope: Scope) -> schemas.Host:
        """Give the agent of a host a new token and secret key, and return the host.

        Raises:
            HostNotFoundError: there is no such host within the scope.
            AgentNotInstalledError: it has no agent.
            AgentError: the agent cannot be reached; asking again goes on from there.
            AgentFailedError: the agent answered with an error.
        """
        async with self._open_work(scope=scope) as work:
            plan = await work.host_rotation.prepare_rotation(name)
        try:
            version = await self._hand_over(plan, principal)
        except AgentError as error:
            await self._record(Contact(plan.host_id, version=None, error=error.message))
            raise
        except RpcError as error:
            raise AgentFailedError(
                f"The agent of {name} answers: {error.message}. "
                "'journalctl -u myx-agent' on the host says more."
            ) from error
        await self._record(Contact(plan.host_id, version=version))
        async with self._open_work() as work:
            return await work.host_rotation.settle(plan.host_id, plan.identity.agent_token)

    async def _hand_over(self, plan: RotationPlan, principal: str) -> str:
        """Tell the agent, see that it answers to the new token, and return its version."""
        params = RotateCredentialsParams(
            agent_token=plan.identity.agent_token,
            secret_key=plan.identity.secret_key,
            overlap_s=OVERLAP_S,
            principal=principal,
        )
        try:
            await self._agents.call(plan.current, ROTATE_CREDENTIALS, params)
        except AgentAuthError:
            # An earlier try has come so far that only the new token is right.
            await self._agents.call(plan.next, ROTATE_CREDENTIALS, params)
        return (await self._agents.call(plan.next, HEALTH_CHECK, NoParams())).version

    async def _record(self, contact: Contact) -> None:
        async with self._open_work() as work:
            await work.host_agents.record_contacts([contact])
