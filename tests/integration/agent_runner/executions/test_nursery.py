# SPDX-License-Identifier: GPL-3.0-or-later
"""Supervisors are forked from a resident process, and are as clean as new programs."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from agent_runner.config import Limits
from agent_runner.executions.nursery.requests import make_pair
from agent_runner.executions.spawn import spawn_nursery
from agent_runner.executions.supervisor.scope.entering import MANAGER_SOCKET

UMASK = "0077"


async def _start(host: Any, command_id: str) -> Path:
    """Start a command and return its supervisor in ``/proc`` when the program runs."""
    await host.run(command_id, "sh", "-c", "echo up; sleep 1000")
    await host.wait_for(command_id, b"up\n")
    return Path(f"/proc/{host.supervisor_pid(command_id)}")


async def test_a_supervisor_is_the_nurserys_child(host: Any) -> None:
    """It is forked from the resident process, in a session and with a name of its own."""
    nursery = await host.get_nursery()
    supervisor = await _start(host, "the-id")
    status = _read_status(supervisor)
    assert int(status["PPid"]) == nursery
    assert (status["Name"], status["Umask"]) == ("myx-supervisor", UMASK)
    assert supervisor.joinpath("cmdline").read_bytes().rstrip(b"\0") == b"myx-supervisor the-id"
    assert os.getsid(int(supervisor.name)) == int(supervisor.name)


async def test_a_supervisor_holds_nothing_of_others(host: Any) -> None:
    """A supervisor has open its own folder's files and nothing of another execution's."""
    first, second = await _start(host, "first"), await _start(host, "second")
    for own, other in ((first, "second"), (second, "first")):
        opened = [str(fd.readlink()) for fd in own.joinpath("fd").iterdir()]
        assert not [path for path in opened if f"/{other}/" in path], opened
        entries = own.joinpath("environ").read_bytes().rstrip(b"\0").split(b"\0")
        assert {each.split(b"=")[0] for each in entries} == {b"PATH", b"LANG"}


async def test_a_dead_nursery_costs_nothing_but_time(host: Any) -> None:
    """What it forked lives on, a start finds another way meanwhile, and another one comes."""
    former = await host.get_nursery()
    before = await _start(host, "before")
    os.kill(former, signal.SIGKILL)
    meanwhile = await _start(host, "meanwhile")
    another = await host.get_nursery(former)
    after = await _start(host, "after")
    assert int(_read_status(after)["PPid"]) == another
    assert int(_read_status(meanwhile)["PPid"]) in {os.getpid(), another}
    assert before.exists()
    for command_id in ("before", "meanwhile", "after"):
        await host.cancel(command_id)
        assert (await host.follow(command_id)).result.state == "canceled"


async def test_a_nursery_that_hangs_is_replaced(host: Any, monkeypatch: Any) -> None:
    """A resident process that does not answer is ended, and the execution starts all the same."""
    monkeypatch.setattr("agent_runner.executions.nursery.client.ANSWER_TIMEOUT_S", 0.2)
    former = await host.get_nursery()
    os.kill(former, signal.SIGSTOP)
    await host.run("id", "echo", "once")
    assert (await host.follow("id")).text == "once\n"
    assert await host.get_nursery(former) != former


async def test_of_two_supervisors_one_runs_the_program(host: Any, tmp_path: Path) -> None:
    """Where the nursery dies after its fork and before its answer, the program runs once."""
    witness = tmp_path / "witness"
    await host.get_nursery()
    resident = host.executions._supervisors.nursery._resident
    ask = resident.ask

    async def ask_and_lose_the_answer(*args: Any) -> Any:
        os.close((await ask(*args)).pidfd)
        raise ConnectionResetError

    resident.ask = ask_and_lose_the_answer
    await host.run("id", "sh", "-c", f"echo ran >>{witness}; echo up")
    followed = await host.follow("id")
    assert (followed.result.state, followed.text) == ("successful", "up\n")
    assert witness.read_text() == "ran\n"


async def test_the_nursery_leaves_no_zombie(host: Any) -> None:
    """Supervisors that have ended are reaped, and the resident process goes with its agent."""
    nursery = await host.get_nursery()
    for number in range(5):
        await host.run(f"id-{number}", "true")
        await host.follow(f"id-{number}")
    async with asyncio.timeout(30):
        while True:
            if not _list_children(nursery):
                break
            await asyncio.sleep(0.01)
    await host.executions.close()
    with pytest.raises(ProcessLookupError):
        os.kill(nursery, 0)


async def test_a_nursery_ends_with_its_agent() -> None:
    """When the agent's end of the socket is closed, however it died, the process leaves."""
    ours, theirs = make_pair()
    with theirs:
        nursery = spawn_nursery(theirs.fileno(), for_playbooks=True)
    ours.close()
    assert nursery.child_pid is not None
    _, status = await asyncio.to_thread(os.waitpid, nursery.child_pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.close(nursery.pidfd)


@pytest.mark.skipif(Path(MANAGER_SOCKET).exists(), reason="systemd would give the scope")
async def test_without_a_scope_it_runs_all_the_same(host: Any, caplog: Any) -> None:
    """Where systemd gives no scope, the execution runs, and the agent's log says why."""
    host.in_scopes = True
    await host.restart()
    await host.run("id", "echo", "here")
    followed = await host.follow("id")
    assert (followed.result.state, followed.text) == ("successful", "here\n")
    async with asyncio.timeout(30):
        while True:
            said = [r.error for r in caplog.records if r.message == "supervisor_complained"]
            if said:
                break
            await asyncio.sleep(0.01)
    assert "myx-execution-id.scope" in said[0]
    assert "No such file" in said[0]


async def test_a_hundred_at_once(make_host: Any) -> None:
    """A hundred executions that start together run together, each with its own log."""
    host = await make_host(Limits(min_free_disk_bytes=0, cancel_grace_s=0.5))
    ids = [f"id-{number}" for number in range(100)]
    gate = host.state / "gate"
    os.mkfifo(gate)
    fd = os.open(gate, os.O_RDWR)
    script = f"echo $0; read line <{gate}; echo $0"
    await asyncio.gather(*(host.run(each, "sh", "-c", script, each) for each in ids))
    for each in ids:
        await host.wait_for(each, f"{each}\n".encode())
    assert len(host.executions.list_executions()) == len(ids)
    os.write(fd, b"go\n" * len(ids))
    for each in ids:
        followed = await host.follow(each)
        assert (followed.result.return_code, followed.text) == (0, f"{each}\n{each}\n")
    os.close(fd)


def _list_children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _read_status(process: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in (process / "status").read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}
