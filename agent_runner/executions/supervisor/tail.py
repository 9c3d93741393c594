# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the end of a log that is too long survive, in little room and without rewriting?

Behind the head of the log the output goes into a folder beside it: two generations, of which
the older one is removed when the newer one is full. At the end of the execution they are appended
to the log behind a line that says how much is missing. A generation is a log of its own (see
``segments``), named ``BASE-MISSING``: the size of the log to which it is appended, and how many
bytes of output came between. So whoever finds the folder after a crash can finish the work, also
where another has begun it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent_runner.protocol.segments import SegmentWriter, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agent_runner.protocol.methods import LogType

SHARE = 4
"""The tail gets this part of what may be kept of a log: a quarter."""

MAX_BYTES = 64 * 1024 * 1024
"""A tail is never longer than this."""

_GENERATIONS = 2
_COPY_BYTES = 1024 * 1024
_REST_FIRST, _REST_LAST = 0x80, 0xBF
_LONGEST_REST = 3
"""So many bytes at most can be left of a UTF-8 character whose beginning is cut off."""


def choose_tail_bytes(log_max_bytes: int) -> int:
    """Return how much of a log's room is for its end."""
    return min(log_max_bytes // SHARE, MAX_BYTES)


def find_character(data: bytes, place: int) -> int:
    """Return the last place at or before ``place`` where no UTF-8 character is cut in two."""
    if place >= len(data):
        return len(data)
    for start in range(place, max(-1, place - _LONGEST_REST - 1), -1):
        if not _is_rest(data[start]):
            return start
    return place  # no text


class Tail:
    """Keeps the end of what it is given: at least half of ``max_bytes``, at most all.

    Args:
        path: the folder, which must not exist.
        base: the size of the log to which the tail will be appended.
        max_bytes: the most to keep.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, path: Path, base: int, max_bytes: int) -> None:
        path.mkdir(mode=0o700)
        self._path = path
        self._base = base
        self._generation_bytes = max(1, max_bytes // _GENERATIONS)
        self._seen = 0
        self._names: list[str] = []
        self._writer: SegmentWriter | None = None

    def append(self, log_type: LogType, data: bytes) -> None:
        """Keep ``data`` and forget what is too old."""
        skipped = max(0, len(data) - _GENERATIONS * self._generation_bytes)
        if skipped:
            self._forget(0)
            self._seen += skipped
        while skipped < len(data):
            writer = self._make_room()
            end = skipped + self._generation_bytes - writer.size
            piece = data[skipped:end]
            writer.append(log_type, piece)
            skipped += len(piece)
            self._seen += len(piece)

    def close(self) -> None:
        """Close the files; the tail is ready to be appended."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _make_room(self) -> SegmentWriter:
        """Return where to write, beginning a new generation where there is none or it is full."""
        if self._writer is not None and self._writer.size < self._generation_bytes:
            return self._writer
        self._forget(_GENERATIONS - 1)
        self._names.append(f"{self._base}-{self._seen}")
        self._writer = SegmentWriter(*_locate(self._path, self._names[-1]))
        return self._writer

    def _forget(self, kept: int) -> None:
        """Begin a new generation next, and remove all but the ``kept`` newest."""
        self.close()
        while len(self._names) > kept:
            for path in _locate(self._path, self._names.pop(0)):
                path.unlink(missing_ok=True)


class _Generation(NamedTuple):
    base: int
    missing: int
    name: str


def append_tail(path: Path, writer: SegmentWriter) -> int:
    """Append the tail in a folder to its log, behind a line about the gap, and remove the folder.

    Returns:
        How many bytes of output are missing from the log. Without a folder: 0.

    Raises:
        OSError: the disk refuses; calling this again goes on where it has stopped.
    """
    if not path.is_dir():
        return 0
    generations = _list_generations(path)
    missing = 0
    if generations:
        missing = generations[0].missing
        done = writer.size - generations[0].base
        for log_type, data in _list_pieces(path, generations):
            writer.append(log_type, data[max(0, done) :])
            done -= len(data)
    writer.sync()
    for entry in list(path.iterdir()):
        entry.unlink()
    path.rmdir()
    return missing


def count_tail(path: Path) -> int:
    """Return how many bytes of output came behind the head of the log, kept or not."""
    generations = _list_generations(path)
    if not generations:
        return 0
    newest = generations[-1]
    return newest.missing + (path / newest.name).stat().st_size


def _list_pieces(path: Path, generations: list[_Generation]) -> Iterator[tuple[LogType, bytes]]:
    """Return what is to be appended; the same at each call."""
    missing = generations[0].missing
    where = f"{missing} bytes are missing here" if missing else "nothing is missing here"
    yield "stderr", f"[myx] {where}\n".encode()
    fresh = {"stdout", "stderr"} if missing else set()
    for generation in generations:
        log, index = _locate(path, generation.name)
        offset = 0
        while (found := read_segment(log, index, offset, _COPY_BYTES))[1]:
            log_type, data, _ = found
            offset += len(data)
            yield log_type, _strip_rest(data) if log_type in fresh else data
            fresh.discard(log_type)


def _strip_rest(data: bytes) -> bytes:
    """Replace the rest of a character whose beginning is missing, byte by byte."""
    length = 0
    while length < min(_LONGEST_REST, len(data)) and _is_rest(data[length]):
        length += 1
    return b"?" * length + data[length:]


def _is_rest(byte: int) -> bool:
    """Tell whether a byte stands inside of a UTF-8 character."""
    return _REST_FIRST <= byte <= _REST_LAST


def _list_generations(path: Path) -> list[_Generation]:
    """Return the generations that are there, the oldest first."""
    if not path.is_dir():
        return []
    names = [entry.name for entry in path.iterdir() if not entry.suffix]
    return sorted(_parse(name) for name in names)


def _parse(name: str) -> _Generation:
    base, _, missing = name.partition("-")
    return _Generation(int(base), int(missing), name)


def _locate(path: Path, name: str) -> tuple[Path, Path]:
    return path / name, path / f"{name}.index"
