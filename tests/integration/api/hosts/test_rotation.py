# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import RotationRefusedError
from api.agents.calls import HEALTH_CHECK, Endpoint, Method, P, R
from api.agents.errors import AgentAuthError, AgentTimeoutError, AgentUnreachableError
from api.agents.memory import MemoryAgent, MemoryAgents
from api.composition import Composition
from api.hosts.errors import CredentialsChangedError
from api.hosts.rotation import CurrentCalls, HostRotator
from api.hosts.schemas import HostCreate
from api.hosts.targets import AgentIdentity, InstallRecord

URL = "/api/v1/hosts/web1/rotate-credentials"
OLD = AgentIdentity(9100, "a3f8b9c2d1e4", "hunter2-token-hunter2", "hunter2-key-hunter2")
ENDPOINT = Endpoint("web1", "192.0.2.7", 9100, OLD.rpc_path, OLD.agent_token, "cd" * 32)


class CutAgents:
    """Fake agents behind a wire that is cut before or after a call, once."""

    def __init__(self) -> None:
        self.fleet = MemoryAgents()
        self.cut: tuple[str, str] | None = None

    async def call(self, endpoint: Endpoint, method: Method[P, R], params: P) -> R:
        """Call a fake agent."""
        if self.cut == (method.name, "before"):
            self.cut = None
            raise AgentUnreachableError("cut before")
        result = await self.fleet.call(endpoint, method, params)
        if self.cut == (method.name, "after"):
            self.cut = None
            raise AgentTimeoutError("cut after")
        return result


@pytest.fixture
def agents() -> CutAgents:
    """Return the agents of the control plane."""
    return CutAgents()


@pytest.fixture
def agent(agents: CutAgents) -> MemoryAgent:
    """Return the agent of web1."""
    agent = agents.fleet.add(ENDPOINT)
    agent.secret_key = OLD.secret_key
    return agent


@pytest.fixture
async def composition(app: FastAPI, agents: CutAgents, agent: MemoryAgent) -> Composition:
    """Return the application's parts, with web1 among them."""
    parts: Composition = app.state.composition
    parts.agents = CurrentCalls(parts.unit_of_work, agents)
    parts.host_rotator = HostRotator(parts.unit_of_work, agents)
    async with parts.unit_of_work() as services:
        body = HostCreate(name="web1", address=agent.endpoint.address)
        await services.hosts.create_host(body)
        [plan] = await services.host_agents.prepare_install(["web1"])
        record = InstallRecord(ENDPOINT.cert_fingerprint, "1.2.3", None, OLD)
        await services.host_agents.record_install(plan.host_id, record)
    return parts


async def _find_endpoint(composition: Composition) -> Endpoint:
    async with composition.unit_of_work(read_only=True) as services:
        return (await services.host_agents.find_endpoint("web1"))[1]


async def _check_works(composition: Composition, endpoint: Endpoint) -> None:
    health = await composition.agents.call(endpoint, HEALTH_CHECK, wire.NoParams())
    assert health.status == "ok"


async def test_a_rotation_ends_the_old_token(
    client: httpx.AsyncClient, composition: Composition, agent: MemoryAgent
) -> None:
    """Afterwards agent and database have the same new pair, and the old token is refused."""
    answer = await client.post(URL)
    assert answer.status_code == 200, answer.text
    host = answer.json()["agent"]
    assert (host["status"], host["rpc_port"]) == ("online", OLD.rpc_port)
    assert host["credentials_rotated_at"]
    endpoint = await _find_endpoint(composition)
    assert endpoint.agent_token == agent.endpoint.agent_token != OLD.agent_token
    assert agent.secret_key not in {OLD.secret_key, ""}
    assert agent.secret_key not in answer.text
    assert endpoint.agent_token not in answer.text
    assert not agent.takes(OLD.agent_token)


async def test_who_knows_the_old_token_is_served_on(
    client: httpx.AsyncClient, composition: Composition, agent: MemoryAgent
) -> None:
    """A caller that holds the endpoint of before goes on, with one refusal and no more."""
    before = await _find_endpoint(composition)
    await client.post(URL)
    refused = composition.agents._calls
    await _check_works(composition, before)
    agent.calls.clear()
    for _ in range(3):
        await _check_works(composition, before)
    assert agent.calls == ["health_check"] * 3
    with pytest.raises(AgentAuthError):
        await refused.call(before, HEALTH_CHECK, wire.NoParams())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["rotate_credentials", "health_check"])
async def test_a_cut_at_any_step_locks_nobody_out(
    client: httpx.AsyncClient,
    composition: Composition,
    agents: CutAgents,
    agent: MemoryAgent,
    method: str,
    when: str,
) -> None:
    """Wherever it is cut off, every call still works, and asking again finishes it."""
    before = await _find_endpoint(composition)
    agents.cut = (method, when)
    answer = await client.post(URL)
    assert answer.status_code in {502, 504}
    assert (await client.get("/api/v1/hosts/web1")).json()["agent"]["status"] == "offline"
    await _check_works(composition, before)
    await _check_works(composition, await _find_endpoint(composition))
    assert (await client.post(URL)).status_code == 200
    endpoint = await _find_endpoint(composition)
    assert endpoint.agent_token == agent.endpoint.agent_token != OLD.agent_token
    await _check_works(composition, before)


async def test_a_crash_before_the_end_is_made_good_by_the_next_call(
    composition: Composition, agent: MemoryAgent
) -> None:
    """Where only the agent knows that the new pair counts, the first call settles it."""
    async with composition.unit_of_work() as services:
        plan = await services.host_rotation.prepare_rotation("web1")
    agent.endpoint = replace(agent.endpoint, agent_token=plan.identity.agent_token)
    stale = await _find_endpoint(composition)
    assert stale.agent_token == OLD.agent_token
    await _check_works(composition, stale)
    assert (await _find_endpoint(composition)).agent_token == plan.identity.agent_token
    async with composition.unit_of_work() as services:
        again = await services.host_rotation.prepare_rotation("web1")
    assert again.identity.agent_token != plan.identity.agent_token


async def test_a_plan_is_made_once(composition: Composition) -> None:
    """What was begun is taken up, so that two who rotate at once say the same to the agent."""
    plans = []
    for _ in range(2):
        async with composition.unit_of_work() as services:
            plans.append(await services.host_rotation.prepare_rotation("web1"))
    assert plans[0] == plans[1]


async def test_an_installation_meanwhile_wins(composition: Composition) -> None:
    """Credentials that an installation wrote are not replaced by an old rotation."""
    async with composition.unit_of_work() as services:
        plan = await services.host_rotation.prepare_rotation("web1")
        record = InstallRecord(ENDPOINT.cert_fingerprint, "1.2.3", None, OLD)
        await services.host_agents.record_install(plan.host_id, record)
    with pytest.raises(CredentialsChangedError, match="rotate again"):
        async with composition.unit_of_work() as services:
            await services.host_rotation.settle(plan.host_id, plan.identity.agent_token)
    assert (await _find_endpoint(composition)).agent_token == OLD.agent_token


async def test_an_agent_that_cannot_is_told_with_its_reason(
    client: httpx.AsyncClient, composition: Composition, agent: MemoryAgent
) -> None:
    """The agent's own refusal is answered, and the old pair stays."""
    agent.failures.append(RotationRefusedError("config.json cannot be changed"))
    answer = await client.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_failed")
    assert "config.json cannot be changed" in answer.json()["detail"]
    await _check_works(composition, await _find_endpoint(composition))


@pytest.mark.usefixtures("composition")
async def test_only_hosts_with_an_agent_are_rotated(
    client: httpx.AsyncClient, agent: MemoryAgent
) -> None:
    """An unknown host, one without agent and one that is away are told apart."""
    await client.post("/api/v1/hosts", json={"name": "bare", "address": "192.0.2.9"})
    unknown = await client.post("/api/v1/hosts/nobody/rotate-credentials")
    bare = await client.post("/api/v1/hosts/bare/rotate-credentials")
    agent.reachable = False
    away = await client.post(URL)
    codes = [(answer.status_code, answer.json()["code"]) for answer in (unknown, bare, away)]
    assert codes == [
        (404, "host_not_found"),
        (409, "agent_not_installed"),
        (502, "agent_unreachable"),
    ]
