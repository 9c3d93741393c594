# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution costs while it waits, and how it is told of."""

import asyncio
import os
import re
import socket
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from agent_runner.executions.changes import Changes
from agent_runner.executions.folder import Folder
from agent_runner.executions.supervisor.child import start_process
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.executions.supervisor.notifier import MIN_INTERVAL_S, Notifier
from agent_runner.executions.supervisor.supervision import Supervision

HEAVY = ("ansible", "msgspec", "asyncio", "_cffi", "cryptography", "_ssl", "uvloop")
MAX_RSS_KIB = 20 * 1024


async def test_a_supervisor_is_small(host: Any) -> None:
    """A waiting supervisor is below 20 MB and maps nothing of the agent or of Ansible."""
    await host.run("id", "sh", "-c", "echo up; sleep 1000")
    await host.wait_for("id", b"up\n")
    proc = Path(f"/proc/{host.supervisor_pid('id')}")
    peak = re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text())
    assert peak is not None
    assert int(peak[1]) < MAX_RSS_KIB
    mapped = (proc / "maps").read_text()
    assert not [name for name in HEAVY if f"/{name}" in mapped]


def test_an_idle_supervision_sleeps_without_a_timer(tmp_path: Path) -> None:
    """Without output, deadline or news to tell, the loop sleeps until something happens."""
    launch = Launch(
        kind="command",
        argv=["true"],
        env={},
        cwd="/",
        timeout_s=None,
        cancel_grace_s=1.0,
        log_max_bytes=1,
        secrets=[],
    )
    with closing(Notifier(tmp_path, "id")) as notifier:
        assert Supervision(Folder(tmp_path), launch, start_process, 0, notifier)._sleep_s() is None
        notifier.mark()
        notifier.flush(time.monotonic())
        notifier.mark()
        sleep_s = Supervision(Folder(tmp_path), launch, start_process, 0, notifier)._sleep_s()
        assert sleep_s is None or sleep_s <= MIN_INTERVAL_S


async def test_readers_wake_by_datagram(tmp_path: Path) -> None:
    """A reader of one execution wakes when its supervisor has something new, others do not."""
    changes = Changes()
    changes.open(tmp_path / "agent.sock")
    with (
        closing(Notifier(tmp_path, "one")) as notifier,
        changes.watch("one") as one,
        changes.watch("other") as other,
    ):
        notifier.mark()
        assert notifier.flush(0.0) is None
        async with asyncio.timeout(30):
            await one.wait()
        assert not other.is_set()
        changes.close()
        assert other.is_set()


def test_a_full_queue_is_tried_again(tmp_path: Path) -> None:
    """Where the agent does not keep up, the datagram is sent later; in between it is not."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as agent,
        closing(Notifier(tmp_path, "id")) as notifier,
    ):
        agent.bind(os.path.relpath(tmp_path / "agent.sock"))
        now = 0.0
        notifier.mark()
        while (retry_at := notifier.flush(now)) is None:
            notifier.mark()
            now += 1.0
        assert notifier.flush(now) == retry_at
        assert agent.recv(64) == b"id"
        assert notifier.flush(retry_at) is None


def test_what_cannot_be_told_is_no_fault(tmp_path: Path) -> None:
    """Whatever the system says to a datagram, the execution goes on: readers look by themselves."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other,
        closing(Notifier(tmp_path, "id")) as notifier,
    ):
        other.bind(os.path.relpath(tmp_path / "agent.sock"))
        other.listen()
        notifier.mark()
        assert notifier.flush(0.0) is None


def test_without_an_agent_nothing_is_pending(tmp_path: Path) -> None:
    """A supervisor without an agent has nobody to tell, and does not try again."""
    with closing(Notifier(tmp_path, "id")) as notifier:
        notifier.mark()
        assert notifier.flush(0.0) is None
