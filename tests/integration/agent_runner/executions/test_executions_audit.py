# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the host's audit log."""

import asyncio
import fcntl
import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import BundleMissingError, PolicyRefusedError


def _wait_for_lock(path: Path) -> None:
    with path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)


async def _read(host: Any) -> list[dict[str, Any]]:
    """Return the lines, without their times, once every supervisor is gone and settled."""
    for lock in host.spool.glob("*/lock"):
        await asyncio.to_thread(_wait_for_lock, lock)
    await host.restart()
    lines = (host.state / "audit.log").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert all(entry.pop("time").endswith("Z") for entry in entries)
    return entries


async def test_start_and_end_are_one_line_each(host: Any) -> None:
    """Who started what with which arguments, and how it ended; the secrets are masked."""
    await host.run("id", "sh", "-c", "exit 3", "hush-hush", principal="ann", secrets=["hush-hush"])
    await host.follow("id")
    facts = {
        "command_id": "id",
        "kind": "command",
        "principal": "ann",
        "argv": ["sh", "-c", "exit 3", "********"],
    }
    end = {"result": "failed", "reason_code": "nonzero_exit", "return_code": 3}
    assert await _read(host) == [
        {"action": "start", **facts},
        {"action": "end", **facts, **end},
    ]
    assert stat.S_IMODE((host.state / "audit.log").stat().st_mode) == 0o600


async def test_scripts_and_playbooks_are_named_by_their_digest(host: Any) -> None:
    """A script has the digest of its text, a playbook that of its bundle."""
    await host.run_script("id-1", "true\n", "-x")
    await host.follow("id-1")
    await host.play("id-2", "- hosts: all\n  gather_facts: false\n  tasks: []\n")
    await host.follow("id-2")
    first, _, second, end = await _read(host)
    assert first["digest"] == hashlib.sha256(b"true\n").hexdigest()
    assert first["argv"] == ["the-script", "-x"]
    assert (second["playbook"], len(second["digest"])) == ("playbooks/site.yml", 64)
    assert end["result"] == "successful"


async def test_a_refusal_names_the_rule(host: Any) -> None:
    """What was refused is remembered with the rule, and has neither start nor end."""
    host.policy.write_text(json.dumps({"kinds": ["playbook"]}))
    host.policy.chmod(0o600)
    with pytest.raises(PolicyRefusedError):
        await host.run("id", "reboot", principal="bob")
    assert await _read(host) == [
        {
            "action": "refuse",
            "command_id": "id",
            "kind": "command",
            "principal": "bob",
            "argv": ["reboot"],
            "result": "refused",
            "reason_code": "policy_refused",
            "rule": "kinds",
        }
    ]


async def test_content_that_is_not_here_yet_is_no_refusal(host: Any) -> None:
    """The control plane sends it next; that is how every first run of a content begins."""
    with pytest.raises(BundleMissingError):
        await host.play("id", "- hosts: all\n", bundle="0" * 64)
    assert not (host.state / "audit.log").exists()


async def test_a_cancel_says_who_asked(host: Any) -> None:
    """The wish is a line of its own before the end."""
    await host.run("id", "sh", "-c", "echo up; sleep 300")
    await host.wait_for("id", b"up\n")
    await host.executions.cancel(
        wire.CancelCommandParams(command_id="id", principal="eve", reason="enough")
    )
    await host.follow("id")
    entries = [entry for entry in await _read(host) if entry["action"] != "start"]
    cancel = {"action": "cancel", "command_id": "id", "principal": "eve", "reason": "enough"}
    assert cancel in entries
    [end] = [entry for entry in entries if entry["action"] == "end"]
    assert (end["result"], end["reason_code"]) == ("canceled", "canceled")


async def test_a_lost_execution_has_one_end(host: Any) -> None:
    """Where the supervisor was killed, the agent that finds it writes the end, once."""
    await host.run("id", "sh", "-c", "echo up; sleep 300")
    await host.wait_for("id", b"up\n")
    await host.executions.close()
    host.kill_supervisor("id")
    await host.restart()
    await host.restart()
    entries = await _read(host)
    assert [entry["action"] for entry in entries] == ["start", "end"]
    assert (entries[1]["result"], entries[1]["reason_code"]) == ("lost", "supervisor_died")


@pytest.mark.parametrize("was_written", [True, False])
async def test_an_end_that_was_cut_off_is_written_once(host: Any, *, was_written: bool) -> None:
    """A supervisor killed around its line leaves exactly one: it is added only where it lacks."""
    await host.run("id", "true")
    await host.follow("id")
    before = await _read(host)
    host.folder("id").audited.unlink()
    if not was_written:
        log = host.state / "audit.log"
        log.write_text(log.read_text().splitlines(keepends=True)[0])
    assert await _read(host) == before


async def test_what_cannot_be_audited_does_not_start(host: Any) -> None:
    """Without its audit log the host starts nothing, and leaves nothing of the attempt."""
    (host.state / "audit.log").mkdir()
    with pytest.raises(IsADirectoryError):
        await host.run("id", "true")
    assert not host.folder("id").path.exists()
