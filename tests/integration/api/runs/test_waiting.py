# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from typing import Any

import httpx
import pytest
from manual_clock import ManualClock
from run_types import AddHost, Follow, PostRun

from agent_runner.protocol.errors import BusyError
from api.agents.memory import MemoryAgent, MemoryExecution

COMMAND = {"kind": "command", "command": ["echo", "x"], "limit": "all"}
LONG_S = 100.0


class HaltingClock(ManualClock):
    """A clock on which long waits never end by themselves, unless a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()

    async def sleep(self, delay_s: float) -> None:
        """Move on, after a long wait only when it is let go."""
        if delay_s >= LONG_S:
            await self.goes_on.wait()
        await super().sleep(delay_s)


@pytest.fixture
def clock() -> HaltingClock:
    """Return a clock that waits for the test."""
    return HaltingClock()


async def test_a_host_that_is_offline_is_waited_for(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """The others go on; the execution waits with its reason until the host is heard of."""
    away = await add_host("away")
    away.reachable = False
    await add_host("here")

    run = await post_run(**COMMAND, rollout={"offline": "wait"})
    waiting = await wait_for(client, run["id"], "away", "wait_code", "offline")
    shown = (await client.get(f"/runs/{run['id']}")).json()
    away.reachable = True
    await client.get("/hosts/away/status")
    [*_, (_, end)] = await follow(run["id"])

    assert (waiting["status"], waiting["started_at"]) == ("pending", None)
    assert waiting["waiting_since"] is not None
    assert shown["status"] == "running"
    assert end["counts"] == {"successful": 2}
    assert len(away.executions) == 1


async def test_the_time_to_live_ends_waiting(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    client: httpx.AsyncClient,
    clock: HaltingClock,
) -> None:
    """An execution that has waited for too long fails and says for what."""
    (await add_host("away")).reachable = False
    run = await post_run(**COMMAND, rollout={"offline": "wait", "ttl_s": 600})
    await wait_for(client, run["id"], "away", "wait_code", "offline")

    clock.goes_on.set()
    await follow(run["id"])

    [ended] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    assert (ended["status"], ended["reason_code"]) == ("failed", "offline")
    assert "for 600 s" in ended["reason"]


async def test_a_host_that_waits_does_not_hold_up_the_next_wave(
    add_host: AddHost, post_run: PostRun, client: httpx.AsyncClient
) -> None:
    """A wave is over when what is left of it waits; one that only waits is not."""
    (await add_host("a")).reachable = False
    await add_host("b")
    last = await add_host("c")

    both = await post_run(**COMMAND, rollout={"waves": [2], "offline": "wait"})
    await wait_for(client, both["id"], "c", "status", "successful")
    alone = await post_run(**COMMAND, rollout={"waves": [1], "offline": "wait"})
    await wait_for(client, alone["id"], "a", "wait_code", "offline")

    assert len(last.executions) == 1
    for run in (both, alone):
        await client.post(f"/runs/{run['id']}/cancel")


async def test_waiting_ends_when_the_run_is_canceled(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """What waits for its host is canceled at once."""
    (await add_host("away")).reachable = False
    run = await post_run(**COMMAND, rollout={"offline": "wait"})
    await wait_for(client, run["id"], "away", "wait_code", "offline")

    await client.post(f"/runs/{run['id']}/cancel")
    [*_, (_, end)] = await follow(run["id"])

    assert (end["status"], end["counts"]) == ("canceled", {"canceled": 1})


async def test_a_host_in_maintenance_is_left_out(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Nothing starts there, and the run is no failure for it."""
    broken = await add_host("broken")
    await add_host("fine")
    await client.put("/hosts/broken/maintenance", json={"enabled": True, "reason": "new disk"})

    run = await post_run(**COMMAND)
    [*_, (_, end)] = await follow(run["id"])

    assert (end["status"], end["reason"]) == (
        "successful",
        "2 hosts: 1 successful, 1 in maintenance.",
    )
    assert broken.executions == {}
    page = (await client.get(f"/runs/{run['id']}/executions?host=broken")).json()
    assert page["results"][0]["reason_code"] == "maintenance"
    assert "new disk" in page["results"][0]["reason"]


async def test_the_end_of_a_maintenance_is_waited_for(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Where the run says so, it goes on by itself when the maintenance is over."""
    await add_host("web1")
    await client.put("/hosts/web1/maintenance", json={"enabled": True})
    run = await post_run(**COMMAND, rollout={"maintenance": "wait"})
    await wait_for(client, run["id"], "web1", "wait_code", "maintenance")

    await client.put("/hosts/web1/maintenance", json={"enabled": False})
    [*_, (_, end)] = await follow(run["id"])

    assert end["status"] == "successful"


async def test_a_busy_agent_is_tried_again(
    add_host: AddHost, post_run: PostRun, follow: Follow
) -> None:
    """A limit of the agent lets an execution wait, and does not end it."""
    agent = await add_host("web1")
    agent.failures_of["execute_command"] = [BusyError("this host runs 8 executions")]

    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    held = [data for name, data in events if name == "execution" and data["wait_code"]]
    assert events[-1][1]["status"] == "successful"
    assert all("this host runs 8 executions" in each["wait_reason"] for each in held)
    assert agent.calls.count("execute_command") == 2


async def test_playbooks_take_turns_on_a_host(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """One playbook at a time, unless the host has a limit of its own; commands are not held up."""
    running, most = 0, 0
    go_on = asyncio.Event()

    async def program(_execution: MemoryExecution) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go_on.wait()
        running -= 1
        return 0

    await add_host("web1", "web", program=program)
    playbook = {"kind": "playbook", "playbook": "site.yml"}
    runs = [await post_run(**playbook) for _ in range(3)]
    await wait_for(client, runs[0]["id"], "web1", "status", "running")
    second = await wait_for_run(client, runs[1]["id"], "wait_reason")
    go_on.set()
    ends = [(await follow(run["id"]))[-1][1] for run in runs]

    assert second["status"] == "pending"
    assert second["wait_reason"] == "Waits until other executions on its hosts have ended."
    assert {end["status"] for end in ends} == {"successful"}
    assert most == 1


async def test_a_lost_host_is_corrected_when_it_comes_back(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    client: httpx.AsyncClient,
) -> None:
    """The run ends without the host; later the real end and the rest of the log replace that."""
    begun, silent, back = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"one\n")
        begun.set()
        await silent.wait()
        await execution.write(b"two\n")
        await back.wait()
        await execution.write(b"three\n")
        return 0

    agent = await add_host("web1", program=program)
    run = await post_run(**COMMAND)
    await begun.wait()
    agent.reachable = False
    silent.set()
    [*_, (_, given_up)] = await follow(run["id"])
    agent.reachable = True
    back.set()
    await client.get("/hosts/web1/status")
    corrected = await wait_for(client, run["id"], "web1", "status", "successful")

    assert (given_up["status"], given_up["counts"]) == ("failed", {"lost": 1})
    assert "given up as lost before" in corrected["reason"]
    log = (await client.get(f"/executions/{corrected['id']}/log/download")).content
    assert log == b"one\ntwo\nthree\n"
    shown = (await client.get(f"/runs/{run['id']}")).json()
    assert (shown["status"], shown["reason"]) == ("successful", "1 host: successful.")
    await wait_for_call(agent, "acknowledge_command")


async def wait_for_call(agent: MemoryAgent, name: str) -> None:
    """Return when the agent was called so."""
    async with asyncio.timeout(60):
        while name not in agent.calls:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)


async def wait_for(
    client: httpx.AsyncClient, run_id: int, host: str, field: str, value: str
) -> dict[str, Any]:
    """Return the execution on a host when it has come so far."""
    async with asyncio.timeout(60):
        while True:
            page = (await client.get(f"/runs/{run_id}/executions?host={host}")).json()
            [execution] = page["results"]
            if execution[field] == value:
                found: dict[str, Any] = execution
                return found
            await asyncio.sleep(0)


async def wait_for_run(client: httpx.AsyncClient, run_id: int, field: str) -> dict[str, Any]:
    """Return the run when it has something to say."""
    async with asyncio.timeout(60):
        while True:
            shown: dict[str, Any] = (await client.get(f"/runs/{run_id}")).json()
            if shown[field] is not None:
                return shown
            await asyncio.sleep(0)
