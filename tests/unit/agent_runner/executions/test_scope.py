# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd is asked for, and what the kernel says about an execution's cgroup."""

import os
import socket
import struct
import threading
from pathlib import Path

import pytest

from agent_runner.executions.supervisor.launch import Scope
from agent_runner.executions.supervisor.scope.cgroup import Cgroup
from agent_runner.executions.supervisor.scope.dbus import CallError, build_start, check_messages
from agent_runner.executions.supervisor.scope.entering import (
    ScopeError,
    enter_scope,
    list_properties,
    name_scope,
)

UNLIMITED = Scope(None, None, None)
GIB = 1024**3
UNIT = "myx-execution-id.scope"


def _answer(kind: int, text: str, *, fields: bytes = b"") -> bytes:
    """Return a message from systemd with one text in its body."""
    body = struct.pack("<I", len(text)) + text.encode() + b"\0"
    header = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), 7, len(fields))
    return header + fields + bytes(-len(fields) % 8) + body


def test_the_longest_id_makes_a_name_that_systemd_takes() -> None:
    """A unit's name has at most 255 bytes, of which an id's characters need no escaping."""
    name = name_scope("A" + "z.-_9" * 12 + "abc")
    assert name == f"myx-execution-A{'z.-_9' * 12}abc.scope"
    assert len(name) <= 255


def test_only_limits_that_are_set_are_asked_for() -> None:
    """Without limits the scope has none; with them they are in systemd's units."""
    names = {each.name for each in list_properties(UNLIMITED, 1)}
    assert not names & {"MemoryMax", "CPUQuotaPerSecUSec", "TasksMax"}
    values = {each.name: each.value for each in list_properties(Scope(GIB, 150, 64), 1)}
    assert values["MemoryMax"] == GIB
    assert values["CPUQuotaPerSecUSec"] == 1_500_000
    assert values["TasksMax"] == 64
    assert values["OOMPolicy"] == "continue"


def test_a_call_is_what_systemd_reads() -> None:
    """The message says its sizes, and its body begins with the unit's name and the mode."""
    message = build_start(UNIT, list_properties(Scope(GIB, None, None), 4711))
    order, kind, _, version, body_bytes, serial, fields_bytes = struct.unpack_from(
        "<cBBBIII", message
    )
    assert (order, kind, version, serial) == (b"l", 1, 1, 1)
    body_at = 16 + fields_bytes + -fields_bytes % 8
    assert len(message) == body_at + body_bytes
    size = struct.unpack_from("<I", message, body_at)[0]
    assert message[body_at + 4 : body_at + 4 + size] == UNIT.encode()
    assert struct.pack("<II", 4, 4711) in message


def test_messages_in_pieces_are_put_together() -> None:
    """Whatever systemd says is passed over, wherever it is cut; only a refusal counts."""
    said = _answer(4, "a signal", fields=b"abc") + _answer(2, "a reply")
    refusal = _answer(3, "it exists already", fields=b"12345678")
    for cut in range(len(said)):
        assert check_messages(check_messages(said[:cut]) + said[cut:]) == b""
    assert check_messages(said + refusal[:-1]) == refusal[:-1]
    with pytest.raises(CallError, match="it exists already"):
        check_messages(said + refusal)


def test_without_systemd_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody listens, the refusal names the unit and the cause."""
    monkeypatch.setattr(
        "agent_runner.executions.supervisor.scope.entering.MANAGER_SOCKET", str(tmp_path / "none")
    )
    with pytest.raises(ScopeError, match=r"myx-execution-id\.scope: .*No such file"):
        enter_scope("id", UNLIMITED)


def test_an_old_systemd_is_asked_without_what_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal of the OOM policy is followed by a call without it; a second one is final."""
    path, calls = tmp_path / "private", []
    where = "agent_runner.executions.supervisor.scope.entering.MANAGER_SOCKET"
    monkeypatch.setattr(where, str(path))

    def refuse_twice(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.send(b"OK 0123\r\n")
                received = b""
                while b"PIDs" not in received or not received.endswith(b"\0\0\0\0"):
                    received += connection.recv(65536)
                calls.append(received)
                connection.send(_answer(3, "unknown property"))

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        systemd = threading.Thread(target=refuse_twice, args=(listener,))
        systemd.start()
        with pytest.raises(ScopeError, match="unknown property"):
            enter_scope("id", UNLIMITED)
        systemd.join()
    assert [b"OOMPolicy" in call for call in calls] == [True, False]


@pytest.mark.parametrize(
    ("membership", "folder", "name"),
    [
        (f"0::/myx.slice/{UNIT}", f"myx.slice/{UNIT}", "memory.events"),
        (f"0::/myx.slice/{UNIT}", f"unified/myx.slice/{UNIT}", "memory.events"),
        (f"4:memory:/myx.slice/{UNIT}", f"memory/myx.slice/{UNIT}", "memory.oom_control"),
    ],
)
def test_a_memory_limit_is_named(tmp_path: Path, membership: str, folder: str, name: str) -> None:
    """What the kernel counts is found in both versions of cgroups, and the limit is named."""
    cgroup = _make_cgroup(tmp_path, membership, folder, {name: "oom 3\noom_kill 2\n"})
    shortage = cgroup.describe_shortage()
    assert shortage is not None
    assert "killed 2 processes" in shortage
    assert "1024 MiB (execution_memory_max_bytes)" in shortage


def test_refused_processes_are_named(tmp_path: Path) -> None:
    """Where forks were refused at the limit of tasks, it is named."""
    path = f"myx.slice/{UNIT}"
    cgroup = _make_cgroup(tmp_path, f"0::/{path}", path, {"pids.events": "max 5\n"})
    assert cgroup.describe_shortage() is None
    assert "64 processes and threads (execution_tasks_max)" in (
        cgroup.describe_refused_tasks() or ""
    )


def test_another_cgroups_numbers_say_nothing(tmp_path: Path) -> None:
    """Counters of a hierarchy in which the execution has no cgroup of its own are not its own."""
    name = "memory.oom_control"
    cgroup = _make_cgroup(tmp_path, "4:memory:/other", "memory/other", {name: "oom_kill 2\n"})
    assert cgroup.describe_shortage() is None


def _make_cgroup(root: Path, membership: str, folder: str, files: dict[str, str]) -> Cgroup:
    (root / folder).mkdir(parents=True)
    for name, text in files.items():
        (root / folder / name).write_text(text)
    own = root / f"membership-{os.getpid()}"
    own.write_text(f"9:name=systemd:/elsewhere\n{membership}\n")
    return Cgroup(UNIT, memory_max_bytes=GIB, tasks_max=64, root=root, membership=own)
