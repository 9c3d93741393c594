# SPDX-License-Identifier: GPL-3.0-or-later

from datetime import timedelta

import httpx
from run_types import AddHost, Follow, PostRun

from api.agents.memory import MemoryExecution
from api.composition import Composition


async def fail(_execution: MemoryExecution) -> int:
    """End with an exit code."""
    return 3


async def succeed(_execution: MemoryExecution) -> int:
    """End well."""
    return 0


async def test_a_retry_goes_where_it_did_not_succeed(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """The new run does the same with the same variables, and names the one it tries again."""
    good = await add_host("good", "web", program=succeed)
    bad = await add_host("bad", "web", program=fail)
    first = await post_run(
        kind="playbook", playbook="site.yml", extra_vars={"x": 1}, rollout={"forks": 7}
    )
    await follow(first["id"])
    bad.program = succeed

    answer = await client.post(f"/runs/{first['id']}/retry", headers={"Idempotency-Key": "k"})
    again = await client.post(f"/runs/{first['id']}/retry", headers={"Idempotency-Key": "k"})
    second = answer.json()
    [*_, (_, end)] = await follow(second["id"])

    assert (answer.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == second["id"]
    assert (second["retry_of"], second["rollout"]["forks"]) == (first["id"], 7)
    assert (end["status"], end["counts"]) == ("successful", {"successful": 1})
    assert len(good.executions) == 1
    assert [e.params.extra_vars for e in bad.executions.values()] == [{"x": 1}, {"x": 1}]


async def test_what_was_not_started_is_tried_again_too(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Hosts whose turn did not come are among those of the retry."""
    await add_host("a", program=fail)
    await add_host("b", program=succeed)
    first = await post_run(
        kind="command", command=["x"], limit="all", rollout={"waves": [1], "max_failures": 0}
    )
    await follow(first["id"])

    second = (await client.post(f"/runs/{first['id']}/retry")).json()

    assert second["hosts_total"] == 2


async def test_there_is_nothing_to_retry_after_a_success(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A run that succeeded everywhere, one that goes on and one that is not there are refused."""
    await add_host("good", program=succeed)
    run = await post_run(kind="command", command=["x"], limit="all")
    await follow(run["id"])

    answer = await client.post(f"/runs/{run['id']}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_retry")
    assert (await client.post("/runs/99/retry")).status_code == 404


async def test_variables_are_kept_for_a_while_and_then_forgotten(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    client: httpx.AsyncClient,
    composition: Composition,
) -> None:
    """A retry without the variables would do something else, so it is refused."""
    await add_host("bad", "web", program=fail)
    run = await post_run(kind="playbook", playbook="site.yml", extra_vars={"x": 1})
    await follow(run["id"])
    async with composition.unit_of_work() as work:
        later = composition.clock.now() + timedelta(days=8)
        assert await work.retention.forget_secrets(later, limit=10) == 1

    answer = await client.post(f"/runs/{run['id']}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "secrets_forgotten")
