# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and scripts with real supervisors."""

import asyncio
import hashlib
import os
import pwd
import stat
from pathlib import Path
from typing import Any

import pytest
from playbook_output import hold_fifo

from agent_runner.config import Limits
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import (
    BusyError,
    DiskFullError,
    InvalidParamsError,
    LogGoneError,
    NotStartedError,
    UnknownExecutionError,
)


async def test_output_arrives_apart_and_in_order(host: Any) -> None:
    """Stdout and stderr are told apart and lie in the log in the order in which they came."""
    script = "echo one; read x < $1; echo two >&2; read x < $1; echo three; exit 3"
    fifo = host.bundles / "fifo"
    with hold_fifo(fifo) as gate:
        await host.run("id", "sh", "-c", script, "sh", str(fifo))
        await host.wait_for("id", b"one\n")
        os.write(gate, b"go\n")
        await host.wait_for("id", b"two\n")
        os.write(gate, b"go\n")
        followed = await host.follow("id")
    assert followed.data == b"one\ntwo\nthree\n"
    assert (followed.stdout, followed.stderr) == (b"one\nthree\n", b"two\n")
    result = followed.result
    assert (result.state, result.return_code) == ("failed", 3)
    assert (result.reason_code, result.reason) == ("nonzero_exit", "exit code 3")
    assert (result.stdout, result.stderr) == ("one\nthree\n", "two\n")
    assert result.log_bytes == len(followed.data)


async def test_success_is_told(host: Any) -> None:
    """A command that ends with 0 is successful and completed."""
    assert (await host.run("id", "true")) == wire.StartResult(
        status="running", command_id="id", created=True
    )
    result = (await host.follow("id")).result
    assert (result.success, result.state, result.reason_code) == (True, "successful", "completed")
    assert result.started_at is not None
    assert result.started_at <= result.finished_at


async def test_a_signal_is_told(host: Any) -> None:
    """A command that a signal ends has the negative number and the signal's name."""
    await host.run("id", "sh", "-c", "kill -KILL $$")
    result = (await host.follow("id")).result
    assert (result.return_code, result.reason) == (-9, "ended by signal SIGKILL")


@pytest.mark.parametrize(
    ("argv", "words"),
    [(["no-such-program"], "no such program"), (["/etc/passwd"], "Permission denied")],
)
async def test_what_cannot_start_says_why(host: Any, argv: list[str], words: str) -> None:
    """A program that is not there or not executable ends the execution with the cause."""
    await host.run("id", *argv)
    followed = await host.follow("id")
    assert followed.data == b""
    assert (followed.result.state, followed.result.reason_code) == ("failed", "could_not_start")
    assert words in followed.result.reason


async def test_the_environment_is_a_login_and_nothing_of_the_agent(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program sees a login's variables in the account's home, and none of the agent's."""
    monkeypatch.setenv("AGENT_TOKEN", "the-agents-own")
    await host.run_script("id", "#!/bin/sh\npwd; umask; ls -l /proc/self/fd; env -0; cat")
    followed = await host.follow("id")
    account = pwd.getpwuid(os.geteuid())
    assert followed.text.startswith(f"{account.pw_dir}\n0022\n")
    assert f"HOME={account.pw_dir}\0" in followed.text
    assert "LANG=C.UTF-8\0" in followed.text
    assert "the-agents-own" not in followed.text
    assert "lock" not in followed.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])", "['a', 'b c']\n"),
        ('echo "sh: $1"', "sh: a\n"),
    ],
)
async def test_the_first_line_decides_the_interpreter(
    host: Any, content: str, expected: str
) -> None:
    """A script runs under the interpreter of its first line, or /bin/sh without one."""
    await host.run_script("id", content, "a", "b c")
    followed = await host.follow("id")
    assert followed.text == expected
    assert not host.folder("id").script.exists()


async def test_an_interpreter_that_is_missing_is_named(host: Any) -> None:
    """A script with a carriage return in its first line ends with advice."""
    await host.run_script("id", "#!/bin/sh\r\necho hi\r\n")
    result = (await host.follow("id")).result
    assert result.reason_code == "could_not_start"
    assert "carriage return" in result.reason


async def test_the_same_id_runs_once(host: Any, tmp_path: Path) -> None:
    """Starts that race, and one after a restart, return the existing execution."""
    mark = tmp_path / "ran"
    argv = ("sh", "-c", f"echo x >> {mark}")
    answers = await asyncio.gather(*(host.run("id", *argv) for _ in range(5)))
    assert [answer.created for answer in answers].count(True) == 1
    await host.follow("id")
    await host.restart()
    again = await host.run("id", *argv)
    assert (again.created, again.status) == (False, "successful")
    assert mark.read_text() == "x\n"


async def test_two_agents_that_race_run_it_once(make_host: Any, limits: Limits) -> None:
    """The folder decides who starts: of two agents on one spool only one does."""
    first, second = await make_host(limits), await make_host(limits)
    answers = await asyncio.gather(*(h.run("id", "true") for h in (first, second) * 3))
    assert [answer.created for answer in answers].count(True) == 1
    await second.follow("id")


async def test_a_full_agent_says_what_runs(make_host: Any) -> None:
    """Above the limit a start is refused with the limit and what runs; then there is room again."""
    host = await make_host(Limits(max_concurrent=1, min_free_disk_bytes=0, cancel_grace_s=0.5))
    await host.run("first", "sleep", "1000")
    with pytest.raises(BusyError, match=r"max_concurrent\) is 1; running: first"):
        await host.run("second", "true")
    assert not (await host.run("first", "true")).created
    await host.cancel("first")
    await host.follow("first")
    assert (await host.run("second", "true")).created


async def test_a_limit_for_one_kind_leaves_the_others_alone(make_host: Any) -> None:
    """Only the kind that is at its limit is refused, by that limit's name, also after a restart."""
    limits = Limits(max_concurrent_scripts=1, min_free_disk_bytes=0, cancel_grace_s=0.5)
    host = await make_host(limits)
    await host.run("command", "sleep", "1000")
    await host.run_script("script", "#!/bin/sh\nsleep 1000\n")
    await host.restart()
    with pytest.raises(BusyError, match=r"max_concurrent_scripts\) is 1; running: script$") as info:
        await host.run_script("another", "#!/bin/sh\n")
    assert info.value.data == {"limit": "max_concurrent_scripts", "running": ["script"]}
    assert (await host.run("second", "true")).created
    await host.follow("second")


async def test_a_nearly_full_disk_refuses_new_starts(make_host: Any) -> None:
    """With less free space than the limit a start is refused, and nothing is left of it."""
    host = await make_host(Limits(min_free_disk_bytes=1 << 60))
    with pytest.raises(DiskFullError, match="min_free_disk_bytes"):
        await host.run("id", "true")
    assert not host.folder("id").path.exists()


@pytest.mark.parametrize(
    "params",
    [{"args": ["a\0b"]}, {"script": wire.Script(name="..", content="")}],
)
async def test_what_no_program_can_be_given_is_refused(host: Any, params: dict[str, Any]) -> None:
    """NUL bytes and script names that are no file names are refused before anything starts."""
    with pytest.raises(InvalidParamsError):
        await host.executions.start_command(
            wire.ExecuteCommandParams(command="x", command_id="id", **params)
        )
    assert not host.folder("id").path.exists()


async def test_unknown_not_started_and_gone_are_told_apart(host: Any) -> None:
    """Each of the reasons for which there is no log has its own error."""
    with pytest.raises(UnknownExecutionError):
        await host.read("id")
    coming = host.folder("coming")
    coming.path.mkdir()
    coming.lock.touch()
    with pytest.raises(NotStartedError):
        await host.read("coming", wait_s=0)
    await host.run("id", "echo", "text")
    await host.follow("id")
    with pytest.raises(InvalidParamsError, match="has 5 bytes"):
        await host.read("id", 6)
    host.folder("id").log.unlink()
    with pytest.raises(LogGoneError):
        await host.read("id")


async def test_binary_output_survives(host: Any) -> None:
    """Every byte that a program writes arrives, whatever it is."""
    await host.run("id", "sh", "-c", "head -c 300000 /dev/urandom | tee /dev/stderr | sha256sum")
    followed = await host.follow("id", limit=4099)
    assert len(followed.stderr) == 300_000
    assert followed.stdout.split()[0].decode() == hashlib.sha256(followed.stderr).hexdigest()
    assert followed.result.stdout is None


async def test_a_log_has_a_limit(make_host: Any) -> None:
    """The head and the end of a log are kept, a line says what is missing, and it is counted."""
    host = await make_host(Limits(log_max_bytes=10_000, min_free_disk_bytes=0))
    await host.run("id", "sh", "-c", "head -c 50000 /dev/zero | tr '\\0' x; echo end >&2")
    followed = await host.follow("id")
    assert followed.result.state == "successful"
    assert b"limit of 10000 bytes (log_max_bytes)" in followed.stderr
    assert followed.stderr.endswith(b"bytes are missing here\nend\n")
    kept = len(followed.stdout) + len("end\n")
    assert 8_500 <= kept <= 10_000
    assert followed.result.dropped_bytes == 50_000 + len("end\n") - kept


async def test_secrets_are_masked_in_the_log(host: Any) -> None:
    """A secret never reaches the log, also when it comes in two writes."""
    script = 'printf "a s3cr3t s3c"; read x < "$1"; printf "r3t b\\n"'
    fifo = host.bundles / "fifo"
    with hold_fifo(fifo) as gate:
        await host.run("id", "sh", "-c", script, "sh", str(fifo), secrets=["s3cr3t"])
        await host.wait_for("id", b"a ******** ")
        os.write(gate, b"go\n")
        followed = await host.follow("id")
    assert followed.data == b"a ******** ******** b\n"
    _assert_nowhere(host.folder("id").path, b"s3cr3t")


async def test_what_daemons_hold_open_does_not_delay_the_end(host: Any) -> None:
    """A command ends when its program has ended, though a child left behind holds its output."""
    await host.run("id", "sh", "-c", "sleep 1000 & echo $!; exit 0")
    followed = await host.follow("id")
    assert followed.result.state == "successful"
    daemon = int(followed.text)
    assert host.survivors("id") == [daemon]
    os.kill(daemon, 9)


async def test_output_behind_the_program_is_awaited_shortly(host: Any) -> None:
    """What a tee behind a shell still has to say when the shell has ended is kept."""
    script = "#!/bin/bash\nexec > >(sleep 0.05; cat)\nexec 2>&1\necho the last words"
    await host.run_script("id", script)
    assert (await host.follow("id")).text == "the last words\n"


async def test_the_spool_is_private(host: Any) -> None:
    """Folders and files of the spool are for the agent's account alone."""
    await host.run("id", "echo", "text")
    await host.follow("id")
    for path in [host.spool, *host.spool.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_acknowledging_takes_it_off_the_list(host: Any) -> None:
    """What has ended is listed until it is acknowledged, across restarts; what runs cannot be."""
    await host.run("id", "sleep", "1000")
    params = wire.AcknowledgeCommandParams(command_id="id")
    with pytest.raises(InvalidParamsError, match="has not ended"):
        await host.executions.acknowledge(params)
    await host.cancel("id")
    await host.follow("id")
    await host.restart()
    assert [(e.command_id, e.state) for e in host.executions.list_executions()] == [
        ("id", "canceled")
    ]
    await host.executions.acknowledge(params)
    assert host.executions.list_executions() == []
    await host.restart()
    assert host.executions.list_executions() == []
    assert (await host.follow("id")).result.state == "canceled"


async def test_thirty_at_once_do_not_mix(host: Any) -> None:
    """Thirty commands at once keep their outputs apart."""
    names = [f"id-{number}" for number in range(30)]
    script = 'for n in 1 2 3 4 5; do echo "$0 $n"; echo "$0 $n" >&2; done'
    await asyncio.gather(*(host.run(name, "sh", "-c", script, name) for name in names))
    for followed, name in zip(await asyncio.gather(*map(host.follow, names)), names, strict=True):
        expected = "".join(f"{name} {n}\n" for n in range(1, 6)).encode()
        assert (followed.stdout, followed.stderr) == (expected, expected)


def _assert_nowhere(folder: Path, secret: bytes) -> None:
    for path in folder.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path
