# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import httpx
import pytest
from fake_installer import FINGERPRINT, FakeInstaller
from manual_clock import ManualClock
from run_types import Follow, PostRun
from sse import Event, join_log
from stored_bytes import read_stored

from api.agents.calls import Endpoint
from api.agents.errors import AgentUnreachableError
from api.agents.install.errors import InstallError, SshUnreachableError
from api.agents.memory import MemoryAgent, MemoryAgents
from api.core.settings import Settings


@pytest.fixture
async def new_host(client: httpx.AsyncClient) -> str:
    """Return the name of a host without an agent."""
    body = {"name": "web1", "address": "192.0.2.7", "ssh_user": "deploy", "ssh_password": "kept"}
    assert (await client.post("/hosts", json=body)).status_code == 201
    return "web1"


class Arriving:
    """Puts an agent into the fleet for the identity that the installer was given."""

    def __init__(self, installer: FakeInstaller, fleet: MemoryAgents) -> None:
        self._installer = installer
        self._fleet = fleet

    async def expect(self) -> MemoryAgent:
        """Return the agent of the host that is being installed."""
        await self._installer.begun.wait()
        target = self._installer.targets[-1]
        identity = target.config
        endpoint = Endpoint(
            target.name,
            target.address,
            identity.rpc_port,
            identity.rpc_path,
            identity.agent_token,
            FINGERPRINT,
        )
        return self._fleet.add(endpoint)


@pytest.fixture
def arriving(installer: FakeInstaller, fleet: MemoryAgents) -> Arriving:
    """Return what makes an agent answer after its install."""
    installer.go_on.clear()
    return Arriving(installer, fleet)


def read_log(events: list[Event]) -> list[str]:
    """Return the lines of the only execution's log."""
    [execution_id] = {data["id"] for name, data in events if name == "execution"}
    return join_log(events, execution_id).splitlines()


async def test_an_install_ends_when_the_agent_answers(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    arriving: Arriving,
    client: httpx.AsyncClient,
) -> None:
    """The installer's progress is the log, and at the end the host is online under its pin."""
    run = await post_run("/hosts/install", hosts=[new_host])
    await arriving.expect()
    installer.go_on.set()
    events = await follow(run["id"])

    assert (run["kind"], run["name"]) == ("install", "web1")
    assert events[-1][1]["status"] == "successful"
    lines = read_log(events)
    assert lines[:2] == ["Connected to web1", "Role applied"]
    assert lines[-1].startswith("The agent 0.1.0 answers on port ")
    agent = (await client.get("/hosts/web1")).json()["agent"]
    assert (agent["status"], agent["cert_fingerprint"]) == ("online", FINGERPRINT)
    target = installer.targets[0]
    assert (target.ssh_user, target.password) == ("deploy", "kept")


async def test_an_agent_that_comes_late_is_waited_for(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    arriving: Arriving,
    clock: ManualClock,
) -> None:
    """It is asked every 3 s, a line says so every 10 s, and it may come up to the bound."""
    run = await post_run("/hosts/install", hosts=[new_host])
    agent = await arriving.expect()
    agent.failures += [AgentUnreachableError("not yet") for _ in range(10)]
    installer.go_on.set()
    lines = read_log(await follow(run["id"]))

    assert clock.slept == [3.0] * 10
    waiting = [line for line in lines if line.startswith("Waiting for the agent")]
    assert waiting == [
        "Waiting for the agent, 12 of 120 s: not yet",
        "Waiting for the agent, 24 of 120 s: not yet",
    ]


async def test_an_agent_that_never_comes_is_a_failed_install(
    new_host: str, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """After the bound the install has failed, with the last cause, and can be repeated."""
    run = await post_run("/hosts/install", hosts=[new_host], timeout_s=30)
    events = await follow(run["id"])

    [end] = [data for name, data in events if name == "execution" and data["status"] == "failed"]
    assert end["reason_code"] == "install_failed"
    assert "did not answer within 30 s" in end["reason"]
    assert (await client.get("/hosts/web1")).json()["agent"]["status"] == "not_installed"


@pytest.mark.parametrize(
    ("failure", "reason_code"),
    [
        (InstallError("web1: no Python. Install python3."), "install_failed"),
        (SshUnreachableError("web1: no SSH. Check the address."), "unreachable"),
    ],
)
async def test_a_failed_install_says_why(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    failure: InstallError,
    reason_code: str,
) -> None:
    """What the installer says is the reason of the execution and the last line of its log."""
    installer.failures[new_host] = failure

    run = await post_run("/hosts/install", hosts=[new_host])
    events = await follow(run["id"])

    end = [data for name, data in events if name == "execution"][-1]
    assert (end["reason_code"], end["reason"]) == (reason_code, failure.message)
    assert read_log(events)[-1] == failure.message


async def test_credentials_for_once_are_used_and_forgotten(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    settings: Settings,
) -> None:
    """Credentials of the request win over the stored ones, and no file holds them."""
    installer.failures[new_host] = InstallError("enough")

    run = await post_run(
        "/hosts/install", hosts=[new_host], ssh_user="root", ssh_password="only-for-this-once"
    )
    await follow(run["id"])

    target = installer.targets[0]
    assert (target.ssh_user, target.password) == ("root", "only-for-this-once")
    assert b"only-for-this-once" not in read_stored(settings)


async def test_an_uninstall_may_forget_the_host(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    client: httpx.AsyncClient,
) -> None:
    """With remove the host is forgotten once its agent is gone; its run stays."""
    run = await post_run("/hosts/uninstall", hosts=[new_host], remove=True)
    events = await follow(run["id"])

    assert events[-1][1]["status"] == "successful"
    assert installer.removed == ["web1"]
    assert (await client.get("/hosts/web1")).status_code == 404
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    assert execution["host"] == "web1"


async def test_a_failed_uninstall_keeps_the_host(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    client: httpx.AsyncClient,
) -> None:
    """A host whose agent could not be removed is not forgotten."""
    installer.failures[new_host] = InstallError("no")

    run = await post_run("/hosts/uninstall", hosts=[new_host], remove=True)
    await follow(run["id"])

    assert (await client.get("/hosts/web1")).status_code == 200


async def test_an_install_can_be_canceled(
    new_host: str,
    post_run: PostRun,
    follow: Follow,
    installer: FakeInstaller,
    client: httpx.AsyncClient,
) -> None:
    """A cancel ends the installer's work at once."""
    installer.go_on.clear()
    run = await post_run("/hosts/install", hosts=[new_host])
    following = asyncio.create_task(follow(run["id"]))
    await installer.begun.wait()

    await client.post(f"/runs/{run['id']}/cancel")
    events = await following

    assert events[-1][1]["status"] == "canceled"


async def test_unknown_hosts_are_named(client: httpx.AsyncClient, new_host: str) -> None:
    """An install of hosts that do not exist names all of them and starts nothing."""
    answer = await client.post("/hosts/install", json={"hosts": [new_host, "web8", "web9"]})

    assert answer.status_code == 404
    assert "web8" in answer.text
    assert "web9" in answer.text
    assert (await client.get("/runs")).json()["count"] == 0
