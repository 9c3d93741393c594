# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel, timeout, and everything that may be killed."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent_runner.config import Limits
from agent_runner.executions.folder import find_json, write_json
from agent_runner.executions.processes import identify
from agent_runner.protocol.errors import UnknownExecutionError

ESCAPE_ARTIST = """#!/usr/bin/env python3
# A tree with all ways out: a session of its own, a double fork, deaf to SIGTERM, bare environment.
import os, signal, sys, time

def live(name):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(name, os.getpid(), flush=True)
    while True:
        time.sleep(1000)

if (leaver := os.fork()) == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvpe("python3", ["python3", "-c", BARE], {"PATH": os.environ["PATH"]})
    os._exit(0)
os.waitpid(leaver, 0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        live("double-forked")
    live("session")
live("main")
""".replace(
    "BARE",
    repr(
        "import os,signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print('bare', os.getpid(), flush=True); time.sleep(1000)"
    ),
)

NAMES = (b"bare", b"double-forked", b"session", b"main")


async def _start_escape_artist(host: Any, **params: Any) -> list[int]:
    """Start the tree and return the pids of those that sit in it."""
    await host.run_script("id", ESCAPE_ARTIST, **params)
    for name in NAMES:
        await host.wait_for("id", name)
    return _list_pids(host.folder("id").log.read_text())


def _list_pids(log: str) -> list[int]:
    return [int(line.split()[1]) for line in log.splitlines()]


async def test_cancel_leaves_nothing(host: Any) -> None:
    """A cancel ends the whole tree, with its sessions and double forks, and counts it."""
    pids = await _start_escape_artist(host)
    assert (await host.cancel("id")).status == "running"
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("canceled", "canceled")
    assert result.ended_processes == len(pids) == 4
    assert result.reason == "canceled by the control plane; 4 processes ended"
    assert [pid for pid in pids if identify(pid)] == []
    assert (await host.cancel("id")).status == "canceled"


async def test_a_timeout_leaves_nothing(host: Any) -> None:
    """An execution that runs into its time limit ends like a canceled one, and says so."""
    await host.run_script("id", ESCAPE_ARTIST, timeout=1.5)
    followed = await host.follow("id")
    result = followed.result
    assert (result.state, result.reason_code) == ("timed_out", "timed_out")
    assert "time limit of 1.5 s" in result.reason
    assert [pid for pid in _list_pids(followed.text) if identify(pid)] == []
    assert host.survivors("id") == []


async def test_who_ends_on_request_may_say_goodbye(make_host: Any) -> None:
    """A program gets SIGTERM first, and what it says in its grace is in the log."""
    host = await make_host(Limits(min_free_disk_bytes=0, cancel_grace_s=60))
    await host.run("id", "sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; sleep 1000 & wait")
    await host.wait_for("id", b"up\n")
    await host.cancel("id")
    followed = await host.follow("id")
    assert followed.data == b"up\nbye\n"
    assert (followed.result.state, followed.result.return_code) == ("canceled", 7)


async def test_a_stopped_program_is_ended(host: Any) -> None:
    """A program that was stopped is woken up to be ended."""
    await host.run("id", "sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; kill -STOP $$; :")
    await host.wait_for("id", b"up\n")
    await host.cancel("id")
    assert (await host.follow("id")).result.state == "canceled"


async def test_canceled_before_its_start_it_never_runs(
    host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancel that comes before the program was started keeps it from starting."""
    supervisors = host.executions._supervisors
    spawn = supervisors.spawn

    async def cancel_and_spawn(*args: Any) -> Any:
        await host.cancel("id")
        return await spawn(*args)

    monkeypatch.setattr(supervisors, "spawn", cancel_and_spawn)
    mark = tmp_path / "ran"
    await host.run("id", "touch", str(mark))
    result = (await host.follow("id")).result
    assert (result.state, result.return_code) == ("canceled", None)
    assert result.reason.endswith("before its start")
    assert not mark.exists()


async def test_nobody_cancels_what_is_unknown(host: Any) -> None:
    """Canceling an unknown execution is an error."""
    with pytest.raises(UnknownExecutionError):
        await host.cancel("id")


async def test_a_shutdown_is_an_interruption(host: Any) -> None:
    """SIGTERM without a cancel, as at a host's shutdown, ends the execution as lost."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    os.kill(host.supervisor_pid("id"), signal.SIGTERM)
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("lost", "interrupted")
    assert host.survivors("id") == []


async def test_a_killed_supervisor_is_noticed(host: Any) -> None:
    """When a supervisor is killed, a waiting reader learns the end, and nothing is left."""
    await host.run_script(
        "id", "#!/bin/sh\nsetsid sleep 1000 &\necho up\nwait\n", secrets=["s3cr3t"]
    )
    await host.wait_for("id", b"up\n")
    os.kill(host.supervisor_pid("id"), signal.SIGKILL)
    followed = await host.follow("id")
    assert followed.data == b"up\n"
    result = followed.result
    assert (result.state, result.reason_code) == ("lost", "supervisor_died")
    assert result.ended_processes == 2
    assert result.started_at is not None
    assert host.survivors("id") == []
    assert not host.folder("id").script.exists()


async def test_a_supervisor_that_was_killed_meanwhile_is_closed_at_start(host: Any) -> None:
    """An agent that starts closes what died without a record while there was no agent."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    await host.executions.close()
    host.kill_supervisor("id")
    await host.restart()
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("lost", "supervisor_died")
    assert host.survivors("id") == []


async def test_a_reboot_is_an_interruption(host: Any) -> None:
    """What ran when the host went down is closed as interrupted, without a hunt for its pids."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    await host.executions.close()
    program = find_json(host.folder("id").child)["pid"]
    host.kill_supervisor("id")
    request = find_json(host.folder("id").request)
    write_json(host.folder("id").request, {**request, "boot_id": "the boot before"})
    await host.restart()
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("lost", "interrupted")
    assert identify(program) is not None
    os.killpg(program, signal.SIGKILL)


async def test_what_a_killed_program_leaves_is_ended(host: Any) -> None:
    """A program that a signal has killed ends as failed, and its children with it: no daemons."""
    await _start_escape_artist(host)
    os.kill(find_json(host.folder("id").child)["pid"], signal.SIGKILL)
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code, result.return_code) == ("failed", "nonzero_exit", -9)
    assert result.reason == "ended by signal SIGKILL; 3 processes ended"
    assert result.ended_processes == 3
    assert host.survivors("id") == []


async def test_files_that_a_power_cut_has_emptied_stop_no_agent(host: Any) -> None:
    """What was not on the disk yet may be there and be empty; the agent starts and closes it."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    await host.executions.close()
    folder = host.folder("id")
    program = find_json(folder.child)["pid"]
    host.kill_supervisor("id")
    write_json(folder.request, {**find_json(folder.request), "boot_id": "the boot before"})
    for path in (folder.child, folder.lock, folder.log, folder.log_index):
        path.write_bytes(b"")
    folder.events_index.write_bytes(bytes(8))
    await host.restart()
    followed = await host.follow("id")
    assert (followed.result.state, followed.result.reason_code) == ("lost", "interrupted")
    assert (followed.data, folder.events_index.read_bytes()) == (b"", b"")
    os.killpg(program, signal.SIGKILL)


async def test_the_agent_restarts_and_nobody_notices(host: Any) -> None:
    """Restarts of the agent lose no byte of a log that grows meanwhile."""
    gates = [host.bundles / f"gate{n}" for n in range(3)]
    script = 'n=1; for gate; do seq $n 3 20000; read x < "$gate"; n=$((n + 1)); done; exit 5'
    with ExitStack() as stack:
        held = [stack.enter_context(_hold_fifo(gate)) for gate in gates]
        await host.run("id", "sh", "-c", script, "sh", *map(str, gates))
        for gate in held:
            await host.restart()
            assert [(e.command_id, e.state) for e in host.executions.list_executions()] == [
                ("id", "running")
            ]
            os.write(gate, b"go\n")
        await host.restart()
        followed = await host.follow("id")
    expected = "".join(f"{n}\n" for start in (1, 2, 3) for n in range(start, 20001, 3))
    assert followed.data == host.folder("id").log.read_bytes() == expected.encode()
    assert followed.result.return_code == 5


async def test_a_waiting_reader_outlives_nothing(host: Any) -> None:
    """A reader that waits gets what there is when its time is over."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    answer = await host.read("id", 3, wait_s=0.05)
    assert (answer.log_data, answer.new_offset, answer.is_final) == ("", 3, False)


async def test_a_disk_that_refuses_ends_the_execution(host: Any) -> None:
    """When the log cannot be written any more, the execution ends with that reason and its tree."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(await host.get_nursery(), resource.RLIMIT_FSIZE, (200_000, hard))
    await host.run("id", "sh", "-c", "sleep 1000 & echo up; yes")
    followed = await host.follow("id")
    assert (followed.result.state, followed.result.reason_code) == ("failed", "disk_full")
    assert "cannot write to the spool" in followed.result.reason
    assert followed.result.log_bytes == len(followed.data) == 200_000
    assert followed.result.dropped_bytes > 0
    assert host.survivors("id") == []


@contextmanager
def _hold_fifo(path: Path) -> Iterator[int]:
    """Make a fifo and hold both its ends, so that neither side ever blocks the test."""
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)
