# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs on disk and the pieces in which they are read."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent_runner.logs.reader import LogPiece, read_log_piece
from agent_runner.protocol.methods import LogType
from agent_runner.protocol.pieces import TEXT_RUN_BYTES, decode_piece, encode_piece
from agent_runner.protocol.segments import RECORD_BYTES, SegmentWriter, read_segment

Write = tuple[LogType, bytes]

_text = st.text(max_size=40).map(str.encode)
_line = st.text(max_size=40).map(lambda text: f"{text}\n".encode())
_bytes = st.one_of(_text, _line, st.binary(max_size=40), st.sampled_from([b"\xc3", b"\xa9", b""]))
_writes = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), _bytes), max_size=20)
_limits = st.lists(st.integers(min_value=4, max_value=64), min_size=1, max_size=8)


class _Log:
    """A log in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.index = folder / "log.index"
        self.writer = SegmentWriter(self.log, self.index)

    def read(self, offset: int, limit: int, *, has_ended: bool) -> LogPiece:
        return read_log_piece(self.log, self.index, offset=offset, limit=limit, has_ended=has_ended)

    def follow(self, offset: int, limits: list[int], *, has_ended: bool) -> list[LogPiece]:
        """Read from an offset until nothing comes."""
        pieces: list[LogPiece] = []
        while True:
            limit = limits[len(pieces) % len(limits)]
            found = self.read(offset, limit, has_ended=has_ended)
            assert found.piece.length <= limit
            assert found.new_offset == offset + found.piece.length
            if not found.piece.length:
                return pieces
            pieces.append(found)
            offset = found.new_offset


@contextmanager
def _open_log() -> Iterator[_Log]:
    with tempfile.TemporaryDirectory() as folder:
        log = _Log(Path(folder))
        yield log
        log.writer.close()


def _join(pieces: list[LogPiece]) -> bytes:
    return b"".join(decode_piece(p.piece.text, p.piece.encoding) for p in pieces)


@given(writes=_writes, limits=_limits)
def test_any_reads_of_an_ended_log_give_the_file(writes: list[Write], limits: list[int]) -> None:
    """Whatever the limits, the pieces of an ended log are the bytes that were written."""
    with _open_log() as log:
        for log_type, data in writes:
            log.writer.append(log_type, data)
        pieces = log.follow(0, limits, has_ended=True)
        assert _join(pieces) == log.log.read_bytes() == b"".join(data for _, data in writes)


@given(writes=_writes, limits=_limits, late_limits=_limits)
def test_early_and_late_readers_get_the_same(
    writes: list[Write], limits: list[int], late_limits: list[int]
) -> None:
    """One who reads while it is written and one who comes later get the same bytes and types."""
    with _open_log() as log:
        early: list[LogPiece] = []
        for log_type, data in writes:
            log.writer.append(log_type, data)
            offset = early[-1].new_offset if early else 0
            early += log.follow(offset, limits, has_ended=False)
        offset = early[-1].new_offset if early else 0
        early += log.follow(offset, limits, has_ended=True)
        late = log.follow(0, late_limits, has_ended=True)
        assert _join(early) == _join(late)
        assert _spread_types(early) == _spread_types(late) == _expected_types(writes)


@given(writes=_writes, limits=_limits, start=st.integers(min_value=0, max_value=400))
def test_reading_begins_at_any_offset(writes: list[Write], limits: list[int], start: int) -> None:
    """From any offset a reader gets the rest of the file; behind its end there is nothing."""
    with _open_log() as log:
        for log_type, data in writes:
            log.writer.append(log_type, data)
        assert _join(log.follow(start, limits, has_ended=True)) == log.log.read_bytes()[start:]


@given(writes=_writes, limits=_limits)
def test_text_pieces_hold_whole_characters(writes: list[Write], limits: list[int]) -> None:
    """A log of one type that is text arrives as text, whatever the limits."""
    with _open_log() as log:
        text = "".join(data.decode(errors="replace") for _, data in writes)
        log.writer.append("stdout", text.encode())
        pieces = log.follow(0, limits, has_ended=True)
        assert {p.piece.encoding for p in pieces} <= {"utf-8"}
        assert "".join(p.piece.text for p in pieces) == text


@given(writes=_writes, more=_writes)
def test_a_writer_continues_behind_what_is_there(writes: list[Write], more: list[Write]) -> None:
    """A log that is opened again grows at its end and keeps its types, torn record or not."""
    with _open_log() as log:
        for log_type, data in writes:
            log.writer.append(log_type, data)
        log.writer.close()
        with log.index.open("ab") as index:
            index.write(b"torn")
        log.writer = SegmentWriter(log.log, log.index)
        for log_type, data in more:
            log.writer.append(log_type, data)
        pieces = log.follow(0, [64], has_ended=True)
        assert _spread_types(pieces) == _expected_types([*writes, *more])


def test_a_record_without_bytes_is_ignored(tmp_path: Path) -> None:
    """A change of type that was announced and never written does not hide what is there."""
    log = _Log(tmp_path)
    log.writer.append("stdout", b"before")
    with log.index.open("ab") as index:
        index.write((6 | 1 << 63).to_bytes(RECORD_BYTES, "little"))
    assert read_segment(log.log, log.index, 0, 100) == ("stdout", b"before", 6)
    assert read_segment(log.log, log.index, 6, 100) == ("stderr", b"", 6)
    log.writer.close()


@given(
    writes=_writes,
    more=_writes,
    cut=st.integers(min_value=0, max_value=400),
    zeros=st.integers(min_value=0, max_value=20),
)
def test_a_power_cut_leaves_a_log_that_can_go_on(
    writes: list[Write], more: list[Write], cut: int, zeros: int
) -> None:
    """Records of bytes that a power cut has taken back do not give their type to later ones."""
    with _open_log() as log:
        for log_type, data in writes:
            log.writer.append(log_type, data)
        log.writer.close()
        size = min(cut, log.log.stat().st_size)
        os.truncate(log.log, size)
        with log.index.open("ab") as index:
            index.write(bytes(zeros))
        log.writer = SegmentWriter(log.log, log.index)
        for log_type, data in more:
            log.writer.append(log_type, data)
        expected = [*_expected_types(writes)[:size], *_expected_types(more)]
        assert _spread_types(log.follow(0, [64], has_ended=True)) == expected


def test_a_missing_log_is_an_error(tmp_path: Path) -> None:
    """Reading a log that is not there raises FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        read_segment(tmp_path / "log", tmp_path / "log.index", 0, 4)


@given(data=st.binary(min_size=1, max_size=300), more_may_follow=st.booleans())
@example(data=b"\xff\xe2\x82", more_may_follow=True)
@example(data=b"\xe2\x82", more_may_follow=False)
def test_a_piece_is_a_beginning_of_its_bytes(data: bytes, more_may_follow: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
    """A piece stands for the first bytes; it is empty only for a character that is unfinished."""
    piece = encode_piece(data, more_may_follow=more_may_follow)
    assert decode_piece(piece.text, piece.encoding) == data[: piece.length]
    if piece.length == 0:
        assert more_may_follow
        assert len(data) < 4


def test_accents_of_another_encoding_do_not_make_a_piece_each() -> None:
    """A log of short Latin-1 lines travels in one piece, not in one for each accent."""
    data = "déjà vu\n".encode("latin-1") * 500
    assert encode_piece(data, more_may_follow=True).length == len(data)


def test_text_after_binary_is_text_again() -> None:
    """A long run of text behind bytes that are none becomes a text piece of its own."""
    raw = bytes(range(256)) + b"\n"
    text = b"a line of text\n" * (TEXT_RUN_BYTES // 10)
    first = encode_piece(raw + text, more_may_follow=True)
    assert (first.encoding, first.length) == ("base64", len(raw))
    assert encode_piece(text, more_may_follow=True).encoding == "utf-8"


def _spread_types(pieces: list[LogPiece]) -> list[LogType]:
    return [p.log_type for p in pieces for _ in range(p.piece.length)]


def _expected_types(writes: list[Write]) -> list[LogType]:
    return [log_type for log_type, data in writes for _ in data]
