# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from typing import Any

import httpx
import pytest
from run_types import AddHost, Follow, PostRun

from api.agents.memory import MemoryExecution

COMMAND = {"kind": "command", "command": ["true"], "limit": "all"}


class Journal:
    """Remembers which hosts began, in which order, and fails where a test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.failing: set[str] = set()

    def of(self, name: str) -> Any:
        """Return the program of a host."""

        async def program(_execution: MemoryExecution) -> int:
            self.begun.append(name)
            await asyncio.sleep(0)
            return 1 if name in self.failing else 0

        return program


@pytest.fixture
async def journal(add_host: AddHost) -> Journal:
    """Return the journal of six hosts."""
    journal = Journal()
    for number in range(1, 7):
        await add_host(f"web{number}", "web", program=journal.of(f"web{number}"))
    return journal


async def test_hosts_go_in_waves(
    journal: Journal, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A wave begins when the one before is over, in the order that was asked for."""
    run = await post_run(**COMMAND, rollout={"waves": [1, "50%"], "order": "reverse_sorted"})
    await follow(run["id"])

    assert journal.begun[0] == "web6"
    assert set(journal.begun[1:4]) == {"web5", "web4", "web3"}
    shown = (await client.get(f"/runs/{run['id']}")).json()
    assert [(wave["number"], wave["counts"]) for wave in shown["waves"]] == [
        (1, {"successful": 1}),
        (2, {"successful": 3}),
        (3, {"successful": 2}),
    ]
    page = (await client.get(f"/runs/{run['id']}/executions?wave=2&order_by=position")).json()
    assert [execution["host"] for execution in page["results"]] == ["web5", "web4", "web3"]


async def test_too_many_failures_stop_a_run(
    journal: Journal, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """One failure more than the budget allows, and nothing new begins; the run says why."""
    journal.failing = {"web1", "web2"}
    run = await post_run(**COMMAND, rollout={"waves": [2], "max_failures": 1})
    [*_, (_, end)] = await follow(run["id"])

    assert set(journal.begun) == {"web1", "web2"}
    assert (end["status"], end["reason_code"]) == ("failed", "budget_exceeded")
    assert end["reason"] == (
        "Stopped: 2 hosts failed, max_failures is 1. 6 hosts: 2 failed, 4 canceled."
    )
    page = (await client.get(f"/runs/{run['id']}/executions?status=canceled")).json()
    assert {execution["reason_code"] for execution in page["results"]} == {"budget_exceeded"}


async def test_a_wave_that_fails_as_a_whole_stops_a_run(
    journal: Journal, post_run: PostRun, follow: Follow
) -> None:
    """Without a budget a failed canary stops the run all the same."""
    journal.failing = {"web1"}
    run = await post_run(**COMMAND, rollout={"waves": [1, "100%"]})
    [*_, (_, end)] = await follow(run["id"])

    assert journal.begun == ["web1"]
    assert end["reason_code"] == "budget_exceeded"


async def test_failures_within_the_budget_do_not_stop_a_run(
    journal: Journal, post_run: PostRun, follow: Follow
) -> None:
    """As many failures as the budget allows leave the run going on; it fails at its end."""
    journal.failing = {"web1", "web3"}
    budget = {"max_failures": "34%", "max_failures_per_wave": 1}
    run = await post_run(**COMMAND, rollout={"waves": [2], **budget})
    [*_, (_, end)] = await follow(run["id"])

    assert len(journal.begun) == 6
    assert end["reason_code"] == "hosts_failed"


async def test_a_run_pauses_after_a_wave_until_it_is_resumed(
    journal: Journal, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """The pause is shown with its reason, and is made once."""
    run = await post_run(**COMMAND, rollout={"waves": [1, 5], "pause_after": [1]})
    path = f"/runs/{run['id']}"
    paused = await wait_until(client, path, lambda shown: shown["paused_at"] is not None)

    assert paused["pause_reason"] == "Paused after wave 1, as asked for."
    assert len(journal.begun) == 1
    resumed = await client.post(f"{path}/resume")
    [*_, (_, end)] = await follow(run["id"])

    assert resumed.status_code == 202
    assert (end["status"], end["paused_at"]) == ("successful", None)
    assert len(journal.begun) == 6


async def test_a_paused_run_starts_nothing_and_can_be_canceled(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """What runs goes on to its end while the run is paused; what waits is canceled at once."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def program(_execution: MemoryExecution) -> int:
        begun.set()
        await go_on.wait()
        return 0

    agents = [await add_host(f"web{number}", program=program) for number in range(3)]
    run = await post_run(**COMMAND, rollout={"forks": 1})
    path = f"/runs/{run['id']}"
    await begun.wait()

    paused = (await client.post(f"{path}/pause")).json()
    again = await client.post(f"{path}/pause")
    go_on.set()
    shown = await wait_until(client, path, lambda shown: shown["counts"].get("successful") == 1)
    await client.post(f"{path}/cancel")
    [*_, (_, end)] = await follow(run["id"])

    assert (paused["pause_reason"], again.status_code) == ("Paused by admin.", 202)
    assert shown["counts"]["pending"] == 2
    assert end["counts"] == {"successful": 1, "canceled": 2}
    assert sum(len(agent.executions) for agent in agents) == 1


async def test_a_run_that_has_ended_is_not_paused(
    journal: Journal, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Pausing and resuming after the end is refused with the state."""
    run = await post_run(**COMMAND)
    await follow(run["id"])

    for verb in ("pause", "resume"):
        answer = await client.post(f"/runs/{run['id']}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "run_ended")
    assert len(journal.begun) == 6


async def test_waves_wait_between_each_other(
    journal: Journal, post_run: PostRun, follow: Follow
) -> None:
    """A pause between waves lets the next one begin by itself."""
    run = await post_run(**COMMAND, rollout={"waves": [3], "wave_pause_s": 60})
    [*_, (_, end)] = await follow(run["id"])

    assert end["status"] == "successful"
    assert len(journal.begun) == 6


async def test_a_shuffled_order_is_recorded_and_repeatable(
    journal: Journal, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """The seed that was chosen is answered; with it the order is the same once more."""
    preview = (
        await client.post("/runs/preview", json={**COMMAND, "rollout": {"order": "shuffle"}})
    ).json()
    run = await post_run(**COMMAND, rollout=preview["rollout"])
    await follow(run["id"])

    page = (await client.get(f"/runs/{run['id']}/executions?order_by=position")).json()
    [wave] = preview["waves"]
    assert [execution["host"] for execution in page["results"]] == wave["hosts"]
    assert sorted(journal.begun) == sorted(wave["hosts"])


async def test_a_preview_starts_nothing_and_names_what_is_in_the_way(
    journal: Journal, client: httpx.AsyncClient
) -> None:
    """Waves and objections are answered, and there is no run."""
    await client.post("/hosts", json={"name": "new", "address": "192.0.2.9"})
    await client.put("/hosts/web1/maintenance", json={"enabled": True, "reason": "new disk"})

    answer = await client.post("/runs/preview", json={**COMMAND, "rollout": {"waves": ["50%"]}})

    preview = answer.json()
    assert [len(wave["hosts"]) for wave in preview["waves"]] == [3, 3, 1]
    assert {(each["host"], each["code"]) for each in preview["objections"]} == {
        ("new", "not_installed"),
        ("web1", "maintenance"),
    }
    assert (await client.get("/runs")).json()["results"] == []
    assert journal.begun == []


async def wait_until(client: httpx.AsyncClient, path: str, is_there: Any) -> dict[str, Any]:
    """Return the run when it has come so far."""
    async with asyncio.timeout(30):
        while True:
            shown: dict[str, Any] = (await client.get(path)).json()
            if is_there(shown):
                return shown
            await asyncio.sleep(0)
