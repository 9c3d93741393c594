# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that are longer than their limit: the head and the end are kept."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.executions.closing import close_lost
from agent_runner.executions.folder import Folder, find_json
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.executions.supervisor.masking import Secrets
from agent_runner.executions.supervisor.output import LogSink
from agent_runner.executions.supervisor.tail import append_tail
from agent_runner.protocol.methods import LogType
from agent_runner.protocol.segments import SegmentWriter, read_segment

Write = tuple[LogType, bytes]

_MARKS = re.compile(
    rb"\n\[myx\] the log has reached its limit of (\d+) bytes \(log_max_bytes\);[^\n]+\n"
    rb"(?:\[myx\] (\d+|nothing)[^\n]* missing here\n)?"
)
_types = st.sampled_from(["stdout", "stderr"])
_writes = st.lists(st.tuples(_types, st.binary(max_size=60)), max_size=30)
_texts = st.lists(st.text(max_size=20).map(str.encode), max_size=30)


def _make_launch(log_max_bytes: int) -> Launch:
    return Launch(
        kind="command",
        argv=["true"],
        env={},
        cwd="/",
        timeout_s=None,
        cancel_grace_s=1,
        log_max_bytes=log_max_bytes,
        secrets=[],
    )


def _feed(path: Path, writes: list[Write], log_max_bytes: int) -> LogSink:
    sink = LogSink(Folder(path), _make_launch(log_max_bytes), Secrets([]))
    for log_type, data in writes:
        sink.feed(log_type, data)
    return sink


def _split(log: bytes) -> tuple[bytes, int | None, bytes]:
    """Return the head, how much is missing (None without a limit), and the end."""
    found = _MARKS.search(log)
    if found is None:
        return log, None, b""
    missing = 0 if found[2] in (None, b"nothing") else int(found[2])
    return log[: found.start()], missing, log[found.end() :]


def _read_types(folder: Folder) -> list[tuple[LogType, int]]:
    """Return the type of each byte that is no mark, with the byte."""
    pieces, offset = [], 0
    while (found := read_segment(folder.log, folder.log_index, offset, 1 << 20))[1]:
        log_type, data, _ = found
        pieces += [(log_type, byte) for byte in data]
        offset += len(data)
    head, missing, end = _split(folder.log.read_bytes())
    return pieces if missing is None else pieces[: len(head)] + pieces[len(pieces) - len(end) :]


@given(writes=_writes, log_max_bytes=st.integers(min_value=0, max_value=900))
def test_head_and_end_are_kept_with_their_types(writes: list[Write], log_max_bytes: int) -> None:
    """What is kept is the beginning and the end of the output, and the gap is told to the byte."""
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))
        sink = _feed(folder.path, writes, log_max_bytes)
        sink.finish()
        spread = [(log_type, byte) for log_type, data in writes for byte in data]
        head, missing, end = _split(folder.log.read_bytes())
        assert len(head) + len(end) + (missing or 0) == len(spread)
        assert sink.dropped_bytes == (missing or 0)
        assert len(head) + len(end) <= log_max_bytes + 2
        kept = _read_types(folder)
        assert kept[: len(head)] == spread[: len(head)]
        told = spread[len(spread) - len(end) :]
        changed = [at for at, pair in enumerate(kept[len(head) :]) if pair != told[at]]
        assert all(told[at][1] & 0xC0 == 0x80 for at in changed)
        assert len(changed) <= 6
        assert not folder.tail.exists()


@given(texts=_texts, log_max_bytes=st.integers(min_value=64, max_value=400))
def test_text_is_cut_between_characters(texts: list[bytes], log_max_bytes: int) -> None:
    """A log of text is text after it was cut, before the gap and behind it."""
    with tempfile.TemporaryDirectory() as name:
        _feed(Path(name), [("stdout", text) for text in texts], log_max_bytes).finish()
        for part in _split(Folder(Path(name)).log.read_bytes())[::2]:
            part.decode()


@given(
    writes=_writes,
    log_max_bytes=st.integers(min_value=0, max_value=300),
    cut=st.integers(min_value=0, max_value=400),
)
def test_a_tail_that_was_left_is_appended_once(
    writes: list[Write], log_max_bytes: int, cut: int
) -> None:
    """Whoever finds a pending tail ends with the same log, also where another had begun."""
    with tempfile.TemporaryDirectory() as name:
        whole, torn = Folder(Path(name) / "whole"), Folder(Path(name) / "torn")
        whole.path.mkdir()
        sink = _feed(whole.path, writes, log_max_bytes)
        before = sink.size
        if sink._tail is None:
            return
        shutil.copytree(whole.path, torn.path)
        sink.finish()
        expected = whole.log.read_bytes()
        torn.log.write_bytes(expected[: before + cut])
        shutil.copy(whole.log_index, torn.log_index)
        writer = SegmentWriter(torn.log, torn.log_index)
        append_tail(torn.tail, writer)
        writer.close()
        assert torn.log.read_bytes() == expected
        assert _read_types(torn) == _read_types(whole)


def test_what_is_read_once_stays(tmp_path: Path) -> None:
    """While the output passes the limit, what a reader has seen never changes."""
    folder = Folder(tmp_path)
    sink = LogSink(folder, _make_launch(1000), Secrets([]))
    seen = b""
    for number in range(500):
        sink.feed("stdout", b"line %d\n" % number)
        log = folder.log.read_bytes()
        assert log.startswith(seen)
        seen = log
    sink.finish()
    log = folder.log.read_bytes()
    assert log.startswith(seen)
    assert log.endswith(b"line 498\nline 499\n")


def test_room_for_the_tail_is_bounded(tmp_path: Path) -> None:
    """However much comes, head and tail together take no more than the limit and the marks."""
    folder = Folder(tmp_path)
    sink = LogSink(folder, _make_launch(10_000), Secrets([]))
    for _ in range(200):
        sink.feed("stdout", b"x" * 777)
        taken = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
        assert taken < 10_000 + 400


def test_a_killed_supervisors_tail_is_kept(tmp_path: Path) -> None:
    """The agent that closes a lost execution appends its tail and counts what is missing."""
    folder = Folder(tmp_path)
    _feed(tmp_path, [("stdout", b"%04d\n" % number) for number in range(1000)], 1000)
    close_lost(folder)
    result = find_json(folder.result)
    assert result is not None
    head, missing, end = _split(folder.log.read_bytes())
    assert head.startswith(b"0000\n")
    assert end.endswith(b"0999\n")
    assert result["dropped_bytes"] == missing == 5000 - len(head) - len(end)
    assert result["log_bytes"] == folder.log.stat().st_size


def test_a_full_disk_does_not_keep_an_end_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the tail cannot be appended, the execution ends and counts it as dropped."""
    folder = Folder(tmp_path)
    _feed(tmp_path, [("stdout", b"x" * 5000)], 1000)
    monkeypatch.setattr(SegmentWriter, "append", _refuse)
    close_lost(folder)
    result = find_json(folder.result)
    assert result is not None
    assert result["dropped_bytes"] == 5000 - 750


def _refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")
