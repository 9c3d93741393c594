# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import httpx
import pytest
from run_types import AddHost, Follow, PostRun
from sse import join_log

from agent_runner.protocol.fleets import FleetGroup, unpack_fleet
from api.agents.memory import MemoryExecution
from api.composition import Composition

COMMAND = {"kind": "command", "command": ["echo", "hello"], "limit": "all"}


async def test_a_command_runs_on_all_hosts(
    add_host: AddHost, post_run: PostRun, follow: Follow
) -> None:
    """A run goes to each matching host, its logs arrive in the stream, and it ends with a recap."""
    agents = [await add_host("web1"), await add_host("web2")]

    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    assert events[0][0] == "run"
    name, end = events[-1]
    assert (name, end["status"], end["reason"]) == ("end", "successful", "2 hosts: 2 successful.")
    assert end["counts"] == {"successful": 2}
    states = {data["host"]: data for name, data in events if name == "execution"}
    assert {state["status"] for state in states.values()} == {"successful"}
    assert {join_log(events, state["id"]) for state in states.values()} == {"hello\n"}
    assert [len(agent.executions) for agent in agents] == [1, 1]


async def test_a_playbook_runs_where_its_plays_say(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Content is sent where it is missing; events and the recap are kept."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"PLAY [web] ***\n")
        await execution.emit("runner_on_ok", task="one", host="web1")
        await execution.emit(
            "playbook_on_stats", ok={"web1": 3, "localhost": 1}, changed={"web1": 2}
        )
        return 0

    web = await add_host("web1", "web", program=program)
    db = await add_host("db1", "db")

    run = await post_run(kind="playbook", playbook="site.yml", extra_vars={"x": 1}, check=True)
    events = await follow(run["id"])

    assert events[-1][1]["status"] == "successful"
    [execution] = web.executions.values()
    assert (execution.params.extra_vars, execution.params.check) == ({"x": 1}, True)
    told = unpack_fleet(execution.params.fleet)
    assert (told.hosts, told.groups["web"]) == (["db1", "web1"], FleetGroup([1]))
    assert db.executions == {}
    [stored] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    assert (stored["recap"]["ok"], stored["recap"]["changed"]) == (4, 2)
    kept = (await client.get(f"/executions/{stored['id']}/events")).json()
    assert [event["counter"] for event in kept["events"]] == [1, 2]
    assert (kept["last"], kept["is_final"]) == (2, True)


async def test_hosts_that_cannot_do_not_hold_up_the_others(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A host without agent, and one that is down, end with their reason while the rest runs."""
    await add_host("good")
    (await add_host("down")).reachable = False
    await client.post("/hosts", json={"name": "new", "address": "192.0.2.9"})

    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    ends = {data["host"]: data for name, data in events if name == "execution"}
    assert {host: (end["status"], end["reason_code"]) for host, end in ends.items()} == {
        "good": ("successful", "completed"),
        "down": ("failed", "unreachable"),
        "new": ("failed", "not_installed"),
    }
    assert "myx host install new" in ends["new"]["reason"]
    assert ends["new"]["started_at"] is None
    assert events[-1][1]["reason"] == "3 hosts: 1 successful, 2 failed."


async def test_what_is_stored_is_acknowledged(
    add_host: AddHost, post_run: PostRun, follow: Follow, composition: Composition
) -> None:
    """The agent is told that it may forget, and only once log and end are stored."""
    agent = await add_host("web1")

    run = await post_run(**COMMAND)
    await follow(run["id"])
    await composition._conductor._engine.finish()

    assert agent.calls[-1] == "acknowledge_command"


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ValueError("another")])
async def test_a_fault_of_ours_ends_the_execution(
    add_host: AddHost, post_run: PostRun, follow: Follow, error: Exception
) -> None:
    """What nobody foresaw ends one execution as internal_error and never hangs the run."""
    (await add_host("web1")).failures.append(error)
    await add_host("web2")

    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    ends = {data["host"]: data["reason_code"] for name, data in events if name == "execution"}
    assert ends == {"web1": "internal_error", "web2": "completed"}
    assert "a bug" not in str(events)


async def test_more_hosts_than_may_run_at_once_take_turns(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    composition: Composition,
) -> None:
    """Executions above the limit wait, and all of them run."""
    running, most = 0, 0

    async def program(_execution: MemoryExecution) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return 0

    for number in range(12):
        await add_host(f"web{number}", program=program)
    lane = composition._conductor._run_driver._lanes["command"]
    lane.slots.limit = 3

    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    assert events[-1][1]["counts"] == {"successful": 12}
    assert 1 <= most <= 3


async def test_a_host_that_sends_nonsense_ends_alone(
    add_host: AddHost, post_run: PostRun, follow: Follow
) -> None:
    """Events of any form are stored or end their execution; the run ends all the same."""

    async def program(execution: MemoryExecution) -> int:
        execution.events.append({"counter": 1, "event": "playbook_on_stats", "event_data": "x"})
        execution.events.append({"counter": 2, "event": 7, "event_data": {"task": {}}})
        await execution.write(b"x")
        return 0

    await add_host("web1", "web", program=program)
    run = await post_run(kind="playbook", playbook="site.yml")
    events = await follow(run["id"])

    assert events[-1][1]["status"] == "successful"
