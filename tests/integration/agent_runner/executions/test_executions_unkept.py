# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of which nothing stays on the host, and what a program reads on its standard input."""

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import InvalidParamsError, LogGoneError

PATIENCE_S = 60


async def _wait_until_gone(path: Path) -> None:
    is_there = path.exists
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if not is_there():
                return
            await asyncio.sleep(0.01)


async def _wait_until_forgotten(host: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if not host.executions._registry._ended:
                return
            await asyncio.sleep(0.01)


async def _acknowledge(host: Any, command_id: str) -> None:
    params = wire.AcknowledgeCommandParams(command_id=command_id)
    await host.executions.acknowledge(params)


def _read_audit(host: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (host.state / "audit.log").read_text().splitlines()]


@pytest.mark.parametrize("keep", [True, False])
async def test_a_program_reads_its_standard_input(host: Any, keep: bool) -> None:  # noqa: FBT001
    """All bytes arrive, whatever they are, and their file is gone while the program reads."""
    data = bytes(range(256)) * 4096
    script = 'ls "$MYX_EXECUTION_FOLDER" | grep -c "^stdin$"; sha256sum; wc -c </dev/null'
    await host.run("id", "sh", "-c", script, stdin=data, keep=keep)
    followed = await host.follow("id")
    assert followed.text == f"0\n{hashlib.sha256(data).hexdigest()}  -\n0\n"


async def test_a_program_without_input_reads_the_end(host: Any) -> None:
    """Nobody types: what waits for input gets its end at once."""
    await host.run("id", "cat", keep=False)
    followed = await host.follow("id")
    assert followed.data == b""
    assert followed.result.success


async def test_nothing_stays_of_what_was_acknowledged(host: Any) -> None:
    """It is in no list and no spool that is kept; its audit is as that of any command."""
    await host.run("id", "sh", "-c", "cat; echo oops >&2; exit 3", stdin=b"hello\n", keep=False)
    followed = await host.follow("id")
    assert (followed.stdout, followed.stderr) == (b"hello\n", b"oops\n")
    assert followed.result.return_code == 3
    assert host.executions.list_executions() == []
    assert not host.folder("id").path.exists()
    await _acknowledge(host, "id")
    await _wait_until_gone(host.unkept_folder("id").path)
    with pytest.raises(LogGoneError):
        await host.read("id")
    assert host.executions._registry._ended == {}
    assert [(line["action"], line["kind"]) for line in _read_audit(host)] == [
        ("start", "command"),
        ("end", "command"),
    ]
    for path in host.state.rglob("*"):
        assert not path.is_file() or b"hello" not in path.read_bytes()


async def test_the_same_request_again_runs_nothing(host: Any, tmp_path: Path) -> None:
    """Neither while it runs, nor when it has ended, nor when it is forgotten."""
    counted = tmp_path / "counted"
    for _ in range(2):
        await host.run("id", "sh", "-c", f"echo once >>{counted}", keep=False)
    await host.follow("id")
    await host.run("id", "sh", "-c", f"echo once >>{counted}", keep=False)
    await _acknowledge(host, "id")
    await _wait_until_gone(host.unkept_folder("id").path)
    assert not (await host.run("id", "sh", "-c", f"echo once >>{counted}", keep=False)).created
    assert counted.read_text() == "once\n"


async def test_what_nobody_asks_for_is_ended(host: Any) -> None:
    """A caller that has gone leaves nothing that runs."""
    host.unkept_idle_s = 0.2
    await host.restart()
    await host.run("id", "sleep", "1000", keep=False)
    await _wait_until_gone(host.unkept_folder("id").path)
    await _wait_until_forgotten(host)
    end = _read_audit(host)[-1]
    assert (end["action"], end["result"]) == ("end", "canceled")


async def test_a_caller_that_leaves_while_it_starts_leaves_nothing(host: Any) -> None:
    """It has started, nobody asks for it, and it goes as if it had been told."""
    host.unkept_idle_s = 0.2
    await host.restart()
    asking = asyncio.create_task(host.run("id", "sleep", "1000", keep=False))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, *host.executions._starting, return_exceptions=True)
    await _wait_until_gone(host.unkept_folder("id").path)
    await _wait_until_forgotten(host)
    assert [line["action"] for line in _read_audit(host)] == ["start", "end"]


async def test_what_cannot_be_swept_keeps_nothing_running(host: Any, monkeypatch: Any) -> None:
    """A removal that failed is no reason not to look after the others."""

    def refuse(*_args: Any) -> None:
        raise OSError("it is busy")

    host.unkept_idle_s = 0.2
    await host.restart()
    monkeypatch.setattr(host.executions._spools.unkept, "sweep", refuse)
    for command_id in ("one", "two"):
        await host.run(command_id, "sleep", "1000", keep=False)
        await _wait_until_gone(host.unkept_folder(command_id).path)


async def test_it_goes_on_while_the_agent_is_restarted(host: Any, tmp_path: Path) -> None:
    """The next agent answers for it, and ends it when nobody asks."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    await host.run("id", "sh", "-c", f"echo before; cat {gate}", keep=False)
    await host.restart()
    assert host.executions.list_executions() == []
    gate.write_text("after\n")
    followed = await host.follow("id")
    assert followed.text == "before\nafter\n"


async def test_a_script_is_kept(host: Any) -> None:
    """A script lies on disk, so it is refused where nothing may."""
    with pytest.raises(InvalidParamsError, match="keep"):
        await host.run_script("id", "true\n", keep=False)
