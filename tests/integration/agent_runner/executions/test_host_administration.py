# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of the host's administrator over real executions, with and without an agent."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent_runner.cli import main
from agent_runner.config import Limits
from agent_runner.protocol.errors import BusyError


@pytest.fixture
def verb(host: Any, tmp_path: Path) -> Any:
    """Return what runs a verb over the host's state, off the event loop."""
    config = tmp_path / "config.json"
    names = ("agent_token", "secret_key", "rpc_path")
    secrets = dict.fromkeys(names, "abcdefgh01234567")
    config.write_text(json.dumps({"rpc_port": 1, "state_dir": str(host.state), **secrets}))
    config.chmod(0o600)

    async def run(name: str, *words: str) -> int:
        return await asyncio.to_thread(main, [name, *words, "--config", str(config)])

    return run


async def test_list_and_status_show_what_there_is(
    host: Any, verb: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """What runs and what has ended is listed, also while there is no agent."""
    await host.run("first", "true", principal="ann")
    await host.follow("first")
    await host.run("second", "sh", "-c", "echo up; sleep 300")
    await host.wait_for("second", b"up\n")
    await host.executions.close()
    capfd.readouterr()
    assert await verb("list") == 0
    _, first, second = capfd.readouterr().out.splitlines()
    assert first.split()[:3] == ["first", "command", "successful"]
    assert first.endswith("ann  true")
    assert second.split()[:3] == ["second", "command", "running"]
    assert await verb("status") == 0
    status = capfd.readouterr().out
    assert "does not answer on port 1" in status
    assert "1 successful, 1 running" in status
    await host.executions.open()


async def test_a_log_is_printed_apart(
    host: Any, verb: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Stdout goes to stdout and stderr to stderr; an unknown id is one sentence."""
    await host.run("id", "sh", "-c", "echo out; echo err >&2")
    await host.follow("id")
    capfd.readouterr()
    assert await verb("log", "id") == 0
    assert capfd.readouterr() == ("out\n", "err\n")
    assert await verb("log", "nothing") == 1
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("limits", [Limits(min_free_disk_bytes=0, cancel_grace_s=60)])
async def test_a_log_is_followed_to_its_end_and_a_cancel_ends_it(
    host: Any, verb: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """``log --follow`` ends with the execution, which ``cancel`` has ended without an agent."""
    await host.run("id", "sh", "-c", "trap 'echo bye; exit 1' TERM; echo up; sleep 300 & wait")
    await host.wait_for("id", b"up\n")
    await host.executions.close()
    following = asyncio.create_task(verb("log", "id", "--follow"))
    assert await verb("cancel", "id") == 0
    assert await following == 0
    assert "up\nbye\n" in capfd.readouterr().out.replace("it is being ended\n", "")
    await host.executions.open()
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("canceled", "canceled")
    assert "administrator" in result.reason
    assert await verb("cancel", "id") == 0
    assert "has ended already" in capfd.readouterr().out
    assert '"principal": "host:' in (host.state / "audit.log").read_text()


async def test_drain_refuses_what_is_new(host: Any, verb: Any) -> None:
    """New executions are refused by name, also by the next agent, until it is undone."""
    await host.run("old", "sh", "-c", "echo up; sleep 300")
    await host.wait_for("old", b"up\n")
    assert await verb("drain") == 0
    await host.restart()
    with pytest.raises(BusyError, match="drain --undo") as caught:
        await host.run("new", "true")
    assert caught.value.data == {"limit": "drain"}
    assert not (await host.run("old", "true")).created
    assert await verb("drain", "--undo") == 0
    assert (await host.run("new", "true")).created
