# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import httpx
from run_types import AddHost, Follow, PostRun

from api.agents.memory import MemoryExecution
from api.composition import Composition

SLEEP = {"kind": "command", "command": ["sleep", "600"], "limit": "all"}


async def test_what_runs_is_ended_by_its_agent(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A cancel reaches the agent, and the run ends as canceled when the agent says so."""
    begun = asyncio.Event()

    async def program(execution: MemoryExecution) -> None:
        begun.set()
        await execution.canceled.wait()

    agent = await add_host("web1", program=program)
    run = await post_run(**SLEEP)
    following = asyncio.create_task(follow(run["id"]))
    await begun.wait()

    answer = await client.post(f"/runs/{run['id']}/cancel")
    events = await following

    assert answer.status_code == 202
    assert (events[-1][1]["status"], events[-1][1]["reason"]) == ("canceled", "1 host: canceled.")
    assert "cancel_command" in agent.calls


async def test_what_waits_for_its_turn_ends_at_once(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    client: httpx.AsyncClient,
    composition: Composition,
) -> None:
    """An execution that has not begun is canceled at once and never reaches its host."""
    begun = asyncio.Event()

    async def program(execution: MemoryExecution) -> None:
        begun.set()
        await execution.canceled.wait()

    first = await add_host("a", program=program)
    second = await add_host("b", program=program)
    composition._conductor._run_driver._lanes["command"].slots.limit = 1
    run = await post_run(**SLEEP)
    await begun.wait()

    answer = (await client.post(f"/runs/{run['id']}/cancel")).json()
    events = await follow(run["id"])

    assert answer["counts"]["canceled"] >= 1
    assert events[-1][1]["counts"] == {"canceled": 2}
    assert (len(first.executions), len(second.executions)) == (1, 0)


async def test_an_unreachable_host_is_not_waited_for(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A run that is canceled before its agent answered ends, whatever the agent does."""
    agent = await add_host("web1")
    agent.reachable = False

    run = await post_run(**SLEEP)
    await client.post(f"/runs/{run['id']}/cancel")
    events = await follow(run["id"])

    assert events[-1][1]["status"] in {"canceled", "failed"}
    assert agent.executions == {}


async def test_a_run_that_has_ended_stays_as_it_is(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A cancel after the end is accepted and changes nothing; of an unknown run it is 404."""
    await add_host("web1")
    run = await post_run(kind="command", command=["echo"], limit="all")
    await follow(run["id"])

    late = await client.post(f"/runs/{run['id']}/cancel")

    assert (late.status_code, late.json()["status"]) == (202, "successful")
    assert (await client.post("/runs/99/cancel")).status_code == 404
