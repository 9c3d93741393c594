# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and files that pass through the control plane, and who may send them."""

import asyncio
import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from access_types import Connect, make_token

from agent_runner.protocol import errors as rpc
from agent_runner.protocol.files import MAX_FILE_PIECE_BYTES
from api.agents.errors import AgentUnreachableError
from api.agents.memory import MemoryAgent, MemoryExecution

EXEC = "/hosts/web1/connection/exec"
FILE = "/hosts/web1/connection/file"
PATH = "/srv/file"
DATA = bytes(range(256)) * 30_000  # three pieces


async def _execute(client: httpx.AsyncClient, *command: str, **body: Any) -> list[dict[str, Any]]:
    answer = await client.post(EXEC, json={"id": "one", "command": command, **body})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def _put(client: httpx.AsyncClient, data: bytes, **query: Any) -> httpx.Response:
    about = {"path": PATH, "id": "one", "size": len(DATA), "sha256": _sum(DATA)}
    return await client.put(FILE, params={**about, **query}, content=data)


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _list_actions(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    answer = await client.get("/audit", params={"order_by": "seq", "page_size": 500})
    return [(entry["action"], entry["object_name"]) for entry in answer.json()["results"]]


@pytest.mark.usefixtures("agent")
async def test_a_command_says_what_it_says(client: httpx.AsyncClient) -> None:
    """Input goes there, output comes back in lines, and the last one tells how it ended."""
    stdin = base64.b64encode(b"hello\xff").decode()
    begin, piece, end = await _execute(client, "cat", stdin=stdin)
    assert begin == {}
    assert base64.b64decode(piece["data"]) == b"hello\xff"
    assert (piece["type"], piece["encoding"], piece["new_offset"]) == ("stdout", "base64", 6)
    assert (end["return_code"], end["state"], end["dropped_bytes"]) == (0, "successful", 0)
    assert ("connection_exec", "web1") in await _list_actions(client)


async def test_a_command_is_not_kept_and_not_anybodys_run(
    client: httpx.AsyncClient, agent: MemoryAgent
) -> None:
    """The host is told who asks and to keep nothing; its id is not one that others could name."""
    await _execute(client, "echo", "hi", user="nobody", timeout_s=5)
    ((command_id, execution),) = agent.executions.items()
    params: Any = execution.params
    assert command_id.startswith("connection-")
    assert (params.keep, params.principal, params.user, params.timeout) == (
        False,
        "admin",
        "nobody",
        5,
    )
    runs = await client.get("/runs")
    assert runs.json()["count"] == 0


async def test_the_same_id_goes_on(client: httpx.AsyncClient, agent: MemoryAgent) -> None:
    """A request that is sent again starts nothing, and reads from where it says."""
    await _execute(client, "echo", "hello")
    _, piece, _ = await _execute(client, "echo", "hello", offset=3)
    assert piece["data"] == "lo\n"
    assert len(agent.executions) == 1


async def test_a_break_is_told_in_the_answer(client: httpx.AsyncClient, agent: MemoryAgent) -> None:
    """An answer that has begun says why it ends, so that who asks can go on."""
    agent.failures_of["get_command_log"] = [AgentUnreachableError("gone")]
    lines = await _execute(client, "echo", "hello")
    assert lines[-1] == {"error": "gone", "code": "agent_unreachable"}
    assert (await _execute(client, "echo", "hello"))[-1]["return_code"] == 0


async def test_a_command_is_ended(client: httpx.AsyncClient, agent: MemoryAgent) -> None:
    """What is canceled ends for who listens."""
    started = asyncio.Event()

    async def wait(execution: MemoryExecution) -> int | None:
        started.set()
        await execution.canceled.wait()
        return None

    agent.program = wait
    listening = asyncio.create_task(_execute(client, "sleep"))
    await started.wait()
    assert (await client.delete(f"{EXEC}/one")).status_code == 204
    assert (await listening)[-1]["state"] == "canceled"


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (AgentUnreachableError(), 502, "agent_unreachable"),
        (rpc.PolicyRefusedError("no"), 409, "policy_refused"),
        (rpc.BusyError("full"), 503, "host_busy"),
        (rpc.InvalidParamsError("user: none"), 422, "agent_refused_input"),
        (rpc.MethodNotFoundError("none"), 503, "agent_failed"),
        (rpc.LogGoneError("gone"), 410, "command_gone"),
    ],
)
async def test_what_cannot_begin_is_refused(
    client: httpx.AsyncClient, agent: MemoryAgent, failure: Exception, status: int, code: str
) -> None:
    """Before an answer has begun a failure is a problem, and takes no place."""
    for _ in range(20):
        agent.failures = [failure]
        refused = await client.post(EXEC, json={"id": "one", "command": ["true"]})
        assert (refused.status_code, refused.json()["code"]) == (status, code)


@pytest.mark.usefixtures("agent")
async def test_a_host_in_maintenance_takes_nothing(client: httpx.AsyncClient) -> None:
    """Nothing new begins there; and where there is no host, that is said."""
    body = {"enabled": True, "reason": "new disk"}
    assert (await client.put("/hosts/web1/maintenance", json=body)).status_code == 200
    for refused in (
        await client.post(EXEC, json={"id": "one", "command": ["true"]}),
        await client.get(FILE, params={"path": "/etc/motd"}),
        await _put(client, DATA),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "host_in_maintenance")
        assert "new disk" in refused.json()["detail"]
    answer = await client.get("/hosts/web9/connection/file", params={"path": "/etc/motd"})
    assert answer.json()["code"] == "host_not_found"


async def test_a_file_passes_through(client: httpx.AsyncClient, agent: MemoryAgent) -> None:
    """In pieces, and back in pieces; who did it is audited, and once a file."""
    sent = await _put(client, DATA, mode="0640")
    assert sent.json() == {"received": len(DATA), "complete": True, "changed": True}
    assert agent.calls.count("put_file") == -(-len(DATA) // MAX_FILE_PIECE_BYTES)
    fetched = await client.get(FILE, params={"path": PATH})
    assert fetched.content == DATA
    assert fetched.headers["content-length"] == str(len(DATA))
    again = await _put(client, b"", id="two")
    assert again.json() == {"received": len(DATA), "complete": True, "changed": False}
    actions = [action for action, _ in await _list_actions(client)]
    assert actions.count("connection_put_file") == 2
    assert actions.count("connection_get_file") == 1


async def test_a_file_goes_on_after_a_break(client: httpx.AsyncClient, agent: MemoryAgent) -> None:
    """Who asks learns where to go on, in both directions."""
    assert (await _put(client, DATA[:5])).json()["received"] == 5
    assert (await _put(client, DATA[99:], offset=99)).json() == {
        "received": 5,
        "complete": False,
        "changed": True,
    }
    assert (await _put(client, b"")).json()["received"] == 5
    assert (await _put(client, DATA[5:], offset=5)).json()["complete"]
    assert agent.files.content[PATH] == DATA
    params: dict[str, Any] = {"path": PATH, "offset": len(DATA) - 9}
    fetched = await client.get(FILE, params=params)
    assert fetched.content == DATA[-9:]
    stale = await client.get(FILE, params={**params, "version": "another"})
    assert (stale.status_code, stale.json()["code"]) == (409, "file_refused")
    assert fetched.headers["x-file-version"] == _sum(DATA)


@pytest.mark.usefixtures("agent")
async def test_wrong_input_is_named(client: httpx.AsyncClient) -> None:
    """What does not fit is refused here, by its name."""
    for wrong in ({"path": "tmp"}, {"mode": "4755"}, {"size": -1}, {"sha256": "x"}, {"more": 1}):
        refused = await _put(client, DATA, **wrong)
        assert refused.status_code == 422
        assert next(iter(wrong)) in refused.json()["errors"][0]["field"]
    refused = await client.post(EXEC, json={"id": "one", "command": ["cat"], "stdin": "%"})
    assert refused.status_code == 422


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize(
    ("grant", "status"),
    [
        ({"role": "admin", "groups": ["web"]}, 200),
        ({"role": "admin", "groups": ["db"]}, 404),
        ({"role": "admin", "templates": ["site.yml"]}, 404),
        ({"role": "operator"}, 403),
    ],
)
async def test_who_may_connect(
    client: httpx.AsyncClient, connect: Connect, grant: dict[str, Any], status: int
) -> None:
    """An operator may not, nor who is limited to playbooks; groups bound it."""
    token = await make_token(client, is_own=True, grants=[grant])
    theirs = connect(token["token"])
    answer = await theirs.post(EXEC, json={"id": "one", "command": ["echo"]})
    assert answer.status_code == status
