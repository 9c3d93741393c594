# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import httpx
from run_types import AddHost, Follow, PostRun
from sse import join_log, parse_events

from api.agents.memory import MemoryExecution

COMMAND = {"kind": "command", "command": ["echo", "hello"], "limit": "all"}


async def test_runs_are_listed_newest_first(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Lists are sorted, filtered and cut by the database."""
    await add_host("web1")
    await add_host("web2")
    for limit, word in (("web1", "one"), ("web2", "two"), ("all", "three")):
        run = await post_run(kind="command", command=["echo", word], limit=limit)
        await follow(run["id"])

    async def list_ids(**query: str) -> list[int]:
        page = (await client.get("/runs", params=query)).json()
        return [run["id"] for run in page["results"]]

    assert await list_ids() == [3, 2, 1]
    assert await list_ids(order_by="id", page_size="2") == [1, 2]
    assert await list_ids(host="web2") == [3, 2]
    assert await list_ids(search="TWO") == [2]
    assert await list_ids(status="failed") == []
    assert await list_ids(kind="command", status="successful", page="2", page_size="2") == [1]
    assert (await client.get("/runs", params={"stat": "failed"})).status_code == 422


async def test_executions_are_listed_and_shown(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A run's executions are paged and filtered, and each can be looked at by its id."""
    for name in ("c", "a", "b"):
        await add_host(name)
    run = await post_run(**COMMAND)
    await follow(run["id"])

    page = (await client.get(f"/runs/{run['id']}/executions", params={"page_size": 2})).json()
    [only] = (await client.get(f"/runs/{run['id']}/executions", params={"host": "c"})).json()[
        "results"
    ]
    shown = (await client.get(f"/executions/{only['id']}")).json()

    assert (page["count"], [row["host"] for row in page["results"]]) == (3, ["a", "b"])
    assert shown == only
    assert (shown["log_bytes"], shown["return_code"]) == (6, 0)
    assert (await client.get("/runs/99/executions")).status_code == 404
    assert (await client.get("/executions/nobody")).status_code == 404
    assert (await client.get("/runs/99")).json()["code"] == "run_not_found"
    assert (await client.get("/runs/99/stream")).status_code == 404


async def test_a_log_is_read_by_offset(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """Pieces follow each other without hole or overlap, and the download has the bytes."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write("gr\u00fcn\n".encode())
        await execution.write(b"\xff\xfe", "stderr")
        return 0

    await add_host("web1", program=program)
    run = await post_run(**COMMAND)
    await follow(run["id"])
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    url = f"/executions/{execution['id']}/log"

    first = (await client.get(url, params={"limit": 4})).json()
    second = (await client.get(url, params={"offset": first["new_offset"]})).json()
    third = (await client.get(url, params={"offset": second["new_offset"]})).json()

    assert (first["log_data"], first["log_type"]) == ("gr\u00fc", "stdout")
    assert (second["log_data"], second["is_final"]) == ("n\n", False)
    assert (third["log_type"], third["encoding"], third["is_final"]) == ("stderr", "base64", True)
    assert (third["new_offset"], third["size"]) == (8, 8)
    download = await client.get(f"{url}/download")
    assert download.content == "gr\u00fcn\n".encode() + b"\xff\xfe"
    assert download.headers["Content-Type"] == "application/octet-stream"
    assert (await client.get(url, params={"offset": -1})).status_code == 422
    assert (await client.get(url, params={"wait_s": 999})).status_code == 422


async def test_a_waiting_reader_gets_the_next_byte(
    add_host: AddHost, post_run: PostRun, client: httpx.AsyncClient
) -> None:
    """A read with wait_s answers when a byte comes, and when the end comes."""
    go_on = asyncio.Event()

    async def program(execution: MemoryExecution) -> int:
        await go_on.wait()
        await execution.write(b"late")
        return 0

    await add_host("web1", program=program)
    run = await post_run(**COMMAND)
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    url = f"/executions/{execution['id']}"
    reading = asyncio.create_task(client.get(f"{url}/log", params={"wait_s": 55}))
    watching = asyncio.create_task(client.get(f"{url}/events", params={"wait_s": 55}))
    await asyncio.sleep(0)
    go_on.set()

    assert (await reading).json()["log_data"] == "late"
    assert (await watching).json() == {"events": [], "last": 0, "is_final": True}
    ended = await client.get(f"{url}/log", params={"offset": 4, "wait_s": 55})
    assert ended.json()["is_final"]


async def test_a_viewer_goes_on_where_it_stopped(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> None:
    """A viewer that comes back says what it has and is sent the rest, or only states."""
    await add_host("web1")
    run = await post_run(**COMMAND)
    [execution_id] = {data["id"] for name, data in await follow(run["id"]) if name == "execution"}

    async def stream(**query: str) -> str:
        return (await client.get(f"/runs/{run['id']}/stream", params=query)).text

    rest = parse_events(await stream(offsets=f"{execution_id}:2"))
    states = parse_events(await stream(log="false"))

    assert join_log(rest, execution_id) == "llo\n"
    assert [name for name, _ in states] == ["run", "execution", "end"]
    assert (
        await client.get(f"/runs/{run['id']}/stream", params={"offsets": "x"})
    ).status_code == 422


async def test_an_end_is_shown_after_the_whole_log(
    add_host: AddHost, post_run: PostRun, follow: Follow
) -> None:
    """A viewer sees an execution end only when it has all of that execution's log."""

    async def program(execution: MemoryExecution) -> int:
        await execution.write(b"x" * 2_000_000)
        return 3

    await add_host("web1", program=program)
    run = await post_run(**COMMAND)
    events = await follow(run["id"])

    last_log = max(place for place, (name, _) in enumerate(events) if name == "log")
    ends = [
        place
        for place, (name, data) in enumerate(events)
        if name == "execution" and data["status"] == "failed"
    ]
    assert len(join_log(events, events[1][1]["id"])) == 2_000_000
    assert ends
    assert min(ends) > last_log
