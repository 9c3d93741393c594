# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a power cut leaves of an execution's files, the next agent can handle."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_runner.audit import AuditLog
from agent_runner.config import Limits
from agent_runner.executions import Executions
from agent_runner.executions.folder import Folder, find_json, write_json
from agent_runner.executions.supervisor.events import EventSink
from agent_runner.executions.supervisor.launch import Launch, write_launch
from agent_runner.executions.supervisor.masking import Secrets
from agent_runner.executions.supervisor.output import LogSink
from agent_runner.protocol import methods as wire
from agent_runner.protocol.errors import LogGoneError, UnknownExecutionError
from agent_runner.protocol.pieces import decode_piece

DURABLE_BEFORE_TOLD = ("lock", "request.json")
DURABLE_BEFORE_END = ("lock", "request.json", "log", "log.index", "events", "events.index")

RESULT = {
    "success": True,
    "state": "successful",
    "return_code": 0,
    "reason_code": "completed",
    "reason": "exit code 0",
    "started_at": 1.0,
    "finished_at": 2.0,
}


def _build(folder: Folder, *, is_ended: bool) -> None:
    """Write all files of a playbook in the middle of its output, above its limit, or ended."""
    folder.path.mkdir(parents=True)
    launch = Launch("playbook", ["true"], {}, "/", None, 1, 400, [], True, 1 << 20)
    folder.lock.write_bytes(b"12345")
    audit = {"kind": "playbook", "playbook": "site.yml", "digest": "0" * 64}
    audit_log = str(folder.path.parent.parent / "audit.log")
    request = {"kind": "playbook", "audit": audit, "audit_log": audit_log, "boot_id": "another"}
    write_json(folder.request, request)
    write_launch(folder, launch)
    write_json(folder.child, {"pid": 1, "started_ticks": 1, "started_at": 3.0})
    write_json(folder.cancel, {"reason": "enough"})
    log = LogSink(folder, launch, Secrets([]))
    events = EventSink(folder, launch, Secrets([]), lambda _: None)
    for number in range(40):
        log.feed("stderr" if number % 3 else "stdout", f"line {number} é\n".encode())
        event = {"event": "verbose", "counter": number + 1, "stdout": "é" * number}
        events.feed(json.dumps(event).encode() + b"\n")
    if is_ended:
        log.finish()
        events.finish()
        write_json(folder.result, {**RESULT, "log_bytes": folder.log.stat().st_size})


def _tear(folder: Folder, kept: tuple[str, ...], draw: Any) -> None:
    """Leave of each file that was not forced to disk nothing, a prefix, or zeros behind one."""
    for path in sorted(path for path in folder.path.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder.path))
        if name in kept:
            continue
        data = path.read_bytes()
        fate = draw(st.sampled_from(["whole", "gone", "torn", "zeros"]), label=name)
        if fate == "gone":
            path.unlink()
        elif fate != "whole":
            length = draw(st.integers(min_value=0, max_value=len(data)))
            zeros = bytes(len(data) - length) if fate == "zeros" and name != "log" else b""
            path.write_bytes(data[:length] + zeros)


async def _recover(state_dir: Path) -> tuple[wire.ExecutionResult, bytes, list[dict[str, Any]]]:
    """Start an agent there, and read everything that it has of the execution to the end."""
    executions = Executions(
        state_dir=state_dir,
        policy_path=state_dir / "policy.json",
        resolve_bundle=lambda _: state_dir,
        trim_bundles=lambda _: None,
        limits=Limits(min_free_disk_bytes=0),
    )
    await executions.open()
    try:
        async with asyncio.timeout(60):
            data, events = b"", list[dict[str, Any]]()
            while True:
                params = wire.GetCommandLogParams(command_id="id", offset=len(data), wait_s=50)
                piece = await executions.read_log(params)
                data += decode_piece(piece.log_data, piece.encoding)
                if piece.is_final:
                    break
            while True:
                wanted = wire.GetEventsParams(command_id="id", after=len(events), wait_s=50)
                answer = await executions.read_events(wanted)
                events += answer.events
                if answer.is_final:
                    break
        assert piece.result is not None
        await executions.acknowledge(wire.AcknowledgeCommandParams(command_id="id"))
        return piece.result, data, events
    finally:
        await executions.close()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_running_execution_ends_as_lost(data: st.DataObject) -> None:
    """A start that was told survives: it ends, and log and events can be read to their end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name) / "executions" / "id")
        _build(folder, is_ended=False)
        _tear(folder, DURABLE_BEFORE_TOLD, data.draw)
        left = folder.log.read_bytes() if folder.log.exists() else b""
        try:
            result, log, events = asyncio.run(_recover(Path(name)))
        except LogGoneError:
            assert not folder.log.exists()
            return
        assert (result.state, result.reason_code) == ("lost", "interrupted")
        assert log.startswith(left)
        assert [event["counter"] for event in events] == list(range(1, len(events) + 1))
        [end] = (Path(name) / "audit.log").read_text().splitlines()
        assert json.loads(end)["result"] == "lost"


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_start_that_was_not_told_is_lost_or_gone(data: st.DataObject) -> None:
    """Before its request is on disk a power cut leaves a lost execution, or none at all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name) / "executions" / "id")
        _build(folder, is_ended=False)
        _tear(folder, (), data.draw)
        try:
            result, _, _ = asyncio.run(_recover(Path(name)))
        except (LogGoneError, UnknownExecutionError):
            return
        assert result.state == "lost"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_end_stays_as_it_was(data: st.DataObject) -> None:
    """Once the terminal record is on disk, nothing of the rest can change what is read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name) / "executions" / "id")
        _build(folder, is_ended=True)
        before = folder.log.read_bytes()
        _tear(folder, (*DURABLE_BEFORE_END, "result.json"), data.draw)
        result, log, events = asyncio.run(_recover(Path(name)))
        assert (result.state, log, len(events)) == ("successful", before, 40)


@pytest.mark.parametrize("left", [b'{"action": "sta', b"\0\0\0"])
def test_the_audit_log_goes_on_behind_a_torn_line(tmp_path: Path, left: bytes) -> None:
    """A line that a power cut has torn does not take the next one with it."""
    path = tmp_path / "audit.log"
    path.write_bytes(left)
    AuditLog(path).write("start", "id", {})
    AuditLog(path).write("end", "id", {})
    assert path.read_bytes().startswith(left + b"\n")
    assert AuditLog(path).has_end("id")
    assert len(path.read_text().splitlines()) == 3


def test_a_torn_note_counts_as_none(tmp_path: Path) -> None:
    """A file of JSON that is empty or cut off was never written."""
    (tmp_path / "child.json").write_bytes(b'{"pid": 1')
    assert find_json(tmp_path / "child.json") is None
