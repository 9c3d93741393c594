# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import InternalError
from api.agents.calls import Endpoint, Method, P, R
from api.agents.errors import AgentUnreachableError
from api.composition import Composition
from api.hosts.contacts import HostContacts

ENROLLMENT = {
    "address": "192.0.2.7",
    "rpc_port": 9100,
    "rpc_path": "a3f8b9c2d1e4",
    "agent_token": "hunter2-token-hunter2",
    "secret_key": "hunter2-key-hunter2",
    "cert_fingerprint": "cd" * 32,
}
LOAD = wire.Load(
    load_1m=0.5,
    cpu_count=2,
    memory_total_bytes=4,
    memory_available_bytes=3,
    disk_total_bytes=9,
    disk_free_bytes=5,
)
STATUS = wire.GetStatusResult(
    version="1.2.3",
    protocol_version=1,
    uptime_s=5.0,
    hostname="h",
    os="Debian",
    kernel="6",
    architecture="x86_64",
    python_version="3.11",
    ansible_core_version="2.19",
    load=LOAD,
    limits={"max_concurrent": 100},
    running=[wire.RunningExecution(command_id="e1", kind="command", state="running")],
)


class FakeAgents:
    """Answers what it was told to, and remembers who was called."""

    def __init__(self, answer: wire.Result | Exception) -> None:
        self.answer = answer
        self.called: list[tuple[Endpoint, str]] = []

    async def call(self, endpoint: Endpoint, method: Method[P, R], _params: P) -> R:
        """Answer."""
        self.called.append((endpoint, method.name))
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, method.result)
        return self.answer


@pytest.fixture
def let_agents_answer(app: FastAPI) -> Callable[[wire.Result | Exception], FakeAgents]:
    """Return a function that puts agents with one answer in the place of real ones."""
    composition: Composition = app.state.composition

    def answer(result: wire.Result | Exception) -> FakeAgents:
        agents = FakeAgents(result)
        composition.host_contacts = HostContacts(
            composition.unit_of_work, agents, composition._signer.public_key
        )
        return agents

    return answer


async def _enroll(client: httpx.AsyncClient, name: str, **changes: Any) -> httpx.Response:
    return await client.post(f"/api/v1/hosts/{name}/enroll", json=ENROLLMENT | changes)


async def test_an_agent_that_answers_is_enrolled(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """The agent is asked under the certificate and token of the record, then the host is there."""
    agents = let_agents_answer(STATUS)
    answer = await _enroll(client, "web1", groups=["web"], variables={"a": 1})
    assert answer.status_code == 200
    host = answer.json()
    assert (host["address"], host["groups"], host["variables"]) == ("192.0.2.7", ["web"], {"a": 1})
    assert (host["agent"]["status"], host["agent"]["version"]) == ("online", "1.2.3")
    assert "hunter2" not in answer.text
    [(endpoint, method)] = agents.called
    assert method == "get_status"
    assert endpoint.agent_token == ENROLLMENT["agent_token"]
    assert endpoint.cert_fingerprint == ENROLLMENT["cert_fingerprint"]


async def test_an_agent_that_trusts_another_key_is_not_enrolled(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents], app: FastAPI
) -> None:
    """An agent that would refuse this control plane's content is refused, with the remedy."""
    foreign = "A" * 43 + "="
    own = app.state.composition._signer.public_key
    strict = {"bundle_signatures": "required", "bundle_public_key": foreign}
    let_agents_answer(msgspec.structs.replace(STATUS, **strict))
    answer = await _enroll(client, "web1")
    assert (answer.status_code, answer.json()["code"]) == (409, "signing_key_mismatch")
    assert foreign in answer.json()["detail"]
    assert f"agent_bundle_public_key={own}" in answer.json()["detail"]
    assert (await client.get("/api/v1/hosts/web1")).status_code == 404
    for fitting in ({"bundle_public_key": own}, {"bundle_signatures": "not_required"}):
        let_agents_answer(msgspec.structs.replace(STATUS, **(strict | fitting)))
        assert (await _enroll(client, "web1")).status_code == 200


async def test_enrolling_again_updates(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """A known host gets the new address and identity; groups that are not named stay."""
    let_agents_answer(STATUS)
    await _enroll(client, "web1", groups=["web"])
    answer = await _enroll(client, "web1", address="192.0.2.8", rpc_port=9200)
    host = answer.json()
    assert (host["address"], host["groups"]) == ("192.0.2.8", ["web"])
    assert host["agent"]["rpc_port"] == 9200


async def test_an_agent_that_does_not_answer_is_not_enrolled(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """The reason is answered as it is, and no host is left behind."""
    let_agents_answer(AgentUnreachableError("no route"))
    answer = await _enroll(client, "web1")
    assert (answer.status_code, answer.json()["code"]) == (502, "agent_unreachable")
    assert answer.json()["detail"] == "no route"
    assert (await client.get("/api/v1/hosts/web1")).status_code == 404


async def test_many_agents_are_enrolled_at_once(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """Who answers is there with groups and all; it is one change, and one entry of the audit."""
    agents = let_agents_answer(STATUS)
    hosts = [ENROLLMENT | {"name": f"web{number}", "groups": ["web"]} for number in (1, 2, 3)]
    answer = await client.post("/api/v1/hosts/enroll", json={"hosts": hosts})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"enrolled": ["web1", "web2", "web3"], "failed": []}
    assert len(agents.called) == 3
    listed = (await client.get("/api/v1/hosts?group=web&state=online")).json()
    assert [host["name"] for host in listed["results"]] == ["web1", "web2", "web3"]
    entries = (await client.get("/api/v1/audit?action=enroll_hosts")).json()["results"]
    assert [entry["details"] for entry in entries] == [{"enrolled": 3, "failed": 0}]


async def test_of_many_agents_those_that_do_not_answer_are_named(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """With the reason of each, and no host is left behind; a name may come once."""
    let_agents_answer(AgentUnreachableError("no route"))
    hosts = [ENROLLMENT | {"name": name} for name in ("web1", "web2")]
    answer = await client.post("/api/v1/hosts/enroll", json={"hosts": hosts})
    failed = [
        {"name": name, "code": "agent_unreachable", "message": "no route"}
        for name in ("web1", "web2")
    ]
    assert answer.json() == {"enrolled": [], "failed": failed}
    assert (await client.get("/api/v1/hosts")).json()["count"] == 0
    answer = await client.post("/api/v1/hosts/enroll", json={"hosts": [hosts[0], hosts[0]]})
    assert answer.status_code == 422
    assert "'web1' is named more than once" in answer.text
    assert "hunter2" not in answer.text


async def test_a_record_that_does_not_fit_reaches_no_agent(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """Fields and the name are checked before anybody is called, and secrets are not repeated."""
    agents = let_agents_answer(STATUS)
    for name, changes in (
        ("all", {}),
        ("web1", {"cert_fingerprint": "AB"}),
        ("web1", {"rpc_path": "/"}),
    ):
        answer = await _enroll(client, name, **changes)
        assert answer.status_code == 422
        assert "hunter2" not in answer.text
    assert agents.called == []


async def test_status_comes_from_the_agent(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """The agent's own words are answered, and the host counts as seen."""
    let_agents_answer(STATUS)
    await _enroll(client, "web1")
    let_agents_answer(STATUS)
    answer = await client.get("/api/v1/hosts/web1/status")
    assert answer.status_code == 200
    assert answer.json() == msgspec.to_builtins(STATUS)


async def test_a_silent_agent_is_marked_offline(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """When the agent does not answer, the host shows why, and recovers with the next answer."""
    let_agents_answer(STATUS)
    await _enroll(client, "web1")
    let_agents_answer(AgentUnreachableError("no route"))
    assert (await client.get("/api/v1/hosts/web1/status")).status_code == 502
    agent = (await client.get("/api/v1/hosts/web1")).json()["agent"]
    assert (agent["status"], agent["last_error"]) == ("offline", "no route")
    let_agents_answer(STATUS)
    await client.get("/api/v1/hosts/web1/status")
    agent = (await client.get("/api/v1/hosts/web1")).json()["agent"]
    assert (agent["status"], agent["last_error"]) == ("online", None)


async def test_an_agents_own_error_is_translated(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """What the agent answers as an error is told with where to look."""
    let_agents_answer(STATUS)
    await _enroll(client, "web1")
    let_agents_answer(InternalError("it broke"))
    answer = await client.get("/api/v1/hosts/web1/status")
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_failed")
    assert "it broke" in answer.json()["detail"]


async def test_a_host_without_agent_is_not_asked(
    client: httpx.AsyncClient, let_agents_answer: Callable[..., FakeAgents]
) -> None:
    """Status of a host without agent names the command that installs one."""
    agents = let_agents_answer(STATUS)
    await client.post("/api/v1/hosts", json={"name": "web1", "address": "192.0.2.1"})
    answer = await client.get("/api/v1/hosts/web1/status")
    assert answer.status_code == 409
    assert "myx host install web1" in answer.json()["detail"]
    assert agents.called == []
