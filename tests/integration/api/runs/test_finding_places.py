# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import httpx
import pytest
from run_types import AddHost, Follow, PostRun

from api.agents.memory import MemoryExecution
from api.composition import Composition
from api.executions import service, tasks

COMMAND = {"kind": "command", "command": ["echo", "hello"], "limit": "all"}
LINES = [f"line {number}\n" for number in range(1, 41)]
FAILED = "fatal: [web1]: FAILED!\n"


@pytest.fixture
async def url(
    add_host: AddHost, post_run: PostRun, follow: Follow, client: httpx.AsyncClient
) -> str:
    """Return where the log of an execution is that printed to both streams in turn."""

    async def program(execution: MemoryExecution) -> int:
        for number, line in enumerate(LINES):
            await execution.write(line.encode(), "stderr" if number % 2 else "stdout")
        await execution.write(FAILED.encode())
        return 0

    await add_host("web1", program=program)
    run = await post_run(**COMMAND)
    await follow(run["id"])
    [execution] = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    return f"/executions/{execution['id']}/log"


async def ask(client: httpx.AsyncClient, url: str, **query: object) -> Any:
    """Return what is answered."""
    answer = await client.get(url, params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_pieces_of_both_types_come_at_once(url: str, client: httpx.AsyncClient) -> None:
    """What alternates between the types is read in few requests, and each piece tells its own."""
    size = sum(map(len, LINES)) + len(FAILED)

    whole = await ask(client, f"{url}/pieces")
    assert "".join(piece["log_data"] for piece in whole["pieces"]) == "".join(LINES) + FAILED
    assert [piece["log_type"] for piece in whole["pieces"][:3]] == ["stdout", "stderr", "stdout"]
    assert (whole["new_offset"], whole["size"], whole["is_final"]) == (size, size, True)
    part = await ask(client, f"{url}/pieces", offset=3, limit=10)
    assert [piece["log_data"] for piece in part["pieces"]] == ["e 1\n", "line 2"]
    assert (part["new_offset"], part["is_final"]) == (13, False)
    end = await ask(client, f"{url}/pieces", offset=size, wait_s=55)
    assert (end["pieces"], end["new_offset"], end["is_final"]) == ([], size, True)


async def test_a_log_is_searched(url: str, client: httpx.AsyncClient) -> None:
    """Forwards, backwards and for failures; a request that says neither or both is refused."""
    log = "".join(LINES) + FAILED
    search = f"{url}/search"

    assert (await ask(client, search, text="LINE 2"))["offset"] == log.index("line 2")
    after = log.index("line 3\n")
    assert (await ask(client, search, text="line 2", offset=after))["offset"] == log.index(
        "line 20"
    )
    last = await ask(client, search, text="line 2", offset=len(log), backward=True)
    assert last == {
        "offset": log.index("line 29"),
        "scanned_to": log.index("line 29"),
        "is_complete": True,
    }
    assert (await ask(client, search, failures=True))["offset"] == log.index("fatal")
    assert (await ask(client, search, text="nothing"))["offset"] is None
    for wrong in ({}, {"text": "a", "failures": True}, {"text": "a\nb"}, {"text": ""}):
        assert (await client.get(search, params=wrong)).status_code == 422  # type: ignore[arg-type]


async def test_lines_have_numbers(url: str, client: httpx.AsyncClient) -> None:
    """A line is found by its number, and its number by a byte of it."""
    log = "".join(LINES) + FAILED
    place = f"{url}/place"

    found = await ask(client, place, line=17)
    assert (found["offset"], found["is_complete"]) == (log.index("line 17"), True)
    assert (await ask(client, place, offset=found["offset"] + 3))["line"] == 17
    beyond = await ask(client, place, line=1000)
    assert (beyond["line"], beyond["offset"], beyond["is_complete"]) == (None, None, True)
    for wrong in ({}, {"line": 1, "offset": 1}, {"line": 0}, {"offset": -1}):
        assert (await client.get(place, params=wrong)).status_code == 422  # type: ignore[arg-type]


async def test_a_place_in_a_removed_log_is_gone(
    url: str, client: httpx.AsyncClient, parts: Composition
) -> None:
    """Every way to look into a log that was removed says so."""
    await parts.logs.delete_all([url.split("/")[2]])

    for query in ("pieces", "search?text=a", "place?line=2"):
        answer = await client.get(f"{url}/{query}")
        assert (answer.status_code, answer.json()["code"]) == (410, "log_removed")
    assert (await client.get("/executions/nobody/log/search?text=a")).status_code == 404


def event(counter: int, name: str, task: str, **data: Any) -> dict[str, Any]:
    """Make an event as ansible-runner emits it."""
    said = {"play": "Play", "task": task, "task_path": "/content/site.yml:7", **data}
    return {"counter": counter, "event": name, "event_data": said}


USUAL = [
    event(1, "playbook_on_task_start", "copy"),
    event(2, "runner_on_ok", "copy", res={"changed": True}, duration=1.5),
    event(3, "playbook_on_task_start", "check"),
    event(4, "runner_item_on_ok", "check"),
    event(5, "runner_on_failed", "check", ignore_errors=True),
    event(6, "playbook_on_stats", "check"),
]
HOSTILE = [
    event(1, "playbook_on_task_start", "copy"),
    event(2, "runner_on_ok", "copy", res=["\u0001", {"changed": 1}], duration="x"),
    {"counter": 3, "event": "runner_on_unreachable", "event_data": "no mapping"},
    event(4, "playbook_on_task_start", "check", res={"changed": {}}),
]


@pytest.fixture
async def run(
    add_host: AddHost,
    post_run: PostRun,
    follow: Follow,
    client: httpx.AsyncClient,
    parts: Composition,
) -> tuple[str, str, str]:
    """Return where a run's tasks are told, and its executions: a usual one and a hostile one."""
    for name in ("web1", "web2"):
        await add_host(name)
    run = await post_run(**COMMAND)
    await follow(run["id"])
    listed = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    one, two = (execution["id"] for execution in listed)
    async with parts.unit_of_work() as work:
        await work.executions.store_events([(one, USUAL), (two, HOSTILE)])
    return f"/runs/{run['id']}/tasks", one, two


async def test_tasks_of_many_hosts_are_told_in_few_bytes(
    run: tuple[str, str, str], client: httpx.AsyncClient
) -> None:
    """How each task stands on each host, whatever hosts send."""
    path, one, two = run

    told = await ask(client, path, after=f"{one}:0,{two}:0,nobody:0")
    names = [task["name"] for task in told["tasks"]]
    steps = {
        each["execution_id"]: [
            (names[step["task"]], step["state"], step["seconds"], step["first"], step["counter"])
            for step in each["steps"]
        ]
        for each in told["executions"]
    }

    assert steps == {
        one: [("copy", "changed", 1.5, 1, 2), ("check", "ignored", None, 3, 5)],
        two: [
            ("copy", "ok", None, 1, 2),
            ("", "unreachable", None, 3, 3),
            ("check", "running", None, 4, 4),
        ],
    }
    assert told["tasks"][0] == {"play": "Play", "name": "copy", "path": "/content/site.yml:7"}
    assert not told["has_more"]


async def test_tasks_are_told_from_where_the_viewer_stands(
    run: tuple[str, str, str], client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is new is told; a long answer goes on in the next one; nonsense is refused."""
    path, one, two = run

    [only] = (await ask(client, path, after=f"{one}:3"))["executions"]
    assert ([step["counter"] for step in only["steps"]], only["last"]) == ([5], 5)
    assert only["is_final"]
    for wrong in ("x", "x:", "x:-1", f"{one}:99999999999", ",".join(["x:0"] * 51)):
        assert (await client.get(path, params={"after": wrong})).status_code == 422
    assert (await ask(client, path, after=""))["executions"] == []
    assert (await client.get("/runs/99/tasks", params={"after": f"{one}:0"})).status_code == 404

    monkeypatch.setattr(service, "MAX_STEPS", 3)
    monkeypatch.setattr(tasks, "MAX_STEPS", 3)
    last, counters, has_more = {one: 0, two: 0}, {}, True
    while has_more:
        told = await ask(client, path, after=",".join(f"{id_}:{at}" for id_, at in last.items()))
        has_more = told["has_more"]
        for each in told["executions"]:
            last[each["execution_id"]] = each["last"]
            # A step that an answer ends amid is told again, as it stands then.
            for step in each["steps"]:
                name = told["tasks"][step["task"]]["name"]
                counters[each["execution_id"], name] = step["counter"]
            assert each["is_final"] is not has_more
    assert counters == {
        (one, "copy"): 2,
        (one, "check"): 5,
        (two, "copy"): 2,
        (two, ""): 3,
        (two, "check"): 4,
    }
