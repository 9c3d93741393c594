# SPDX-License-Identifier: GPL-3.0-or-later
"""How do logs lie on the control plane's disk? As on the host: bytes and an index of types.

``<folder>/<last two characters of the id>/<id>.log`` and ``.index``; ids are UUIDv7, so their
ends spread evenly over 256 folders.

Making a file waits for the disk while others are being synced, and most logs are short. So the
newest bytes of a log stay in memory for a moment (``api.logs.tails``): until they are many, or a
second old, or the log is sealed, which happens in threads. Nothing is lost by that when a process
dies: the host keeps its log until it is told that ours is sealed, and is asked from where the file
ends. What is longer, or kept nowhere else, goes to the page cache in microseconds, right on the
event loop.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent_runner.protocol.methods import LogType
from agent_runner.protocol.segments import SegmentWriter, read_segment
from api.logs.disk import make_writer, read_at, translated, write_pieces
from api.logs.errors import LogError
from api.logs.gathering import Gathering, Outcome
from api.logs.store import LogPiece, find_new_part
from api.logs.tails import Piece, Tail

MAX_OPEN_WRITERS = 256
"""How many logs stay open for writing; the least recently used one is closed."""

SYNC_THREADS = 16
"""Threads that wait for the disk where many logs end at once: it brings what they wait for to its
journal in one go, so that more of them do not wait longer."""

MAX_TAIL_BYTES = 16 * 1024
"""A log that has more in memory goes to its file."""

MAX_TAIL_AGE_S = 1.0
"""How long bytes stay in memory only."""

FLUSHED_AT_ONCE = 32
"""Logs that go to their files before others get their turn on the event loop."""

_log = structlog.get_logger(__name__)


class FileLogStore:
    """A ``LogStore`` in files under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: OrderedDict[str, SegmentWriter] = OrderedDict()
        self._tails: dict[str, Tail] = {}
        self._flushing: asyncio.TimerHandle | None = None
        self._sealing = Gathering(self._seal_all)
        self._threads = ThreadPoolExecutor(SYNC_THREADS, "myx-logs")

    async def append(
        self,
        execution_id: str,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,
    ) -> int:
        """Store ``data``; see ``LogStore``."""
        tail = self._tails.get(execution_id)
        if tail is None:
            with translated():
                tail = Tail(self._size_on_disk(execution_id), time.monotonic())
        new = find_new_part(execution_id, tail.size, offset, data)
        if not new:
            return tail.size
        if tail.is_sealing:  # by somebody who knew less of it
            await self._sealing.finish()
            return await self.append(
                execution_id, offset, log_type, data, is_kept_elsewhere=is_kept_elsewhere
            )
        self._tails[execution_id] = tail
        if not is_kept_elsewhere or tail.length + len(new) > MAX_TAIL_BYTES:
            with translated():
                self._flush(execution_id, tail)
                self._write_through(execution_id, tail, (log_type, new))
        else:
            tail.append(log_type, new)
            self._flush_later()
        return tail.size

    async def read(self, execution_id: str, offset: int, limit: int) -> LogPiece:
        """Read a piece; see ``LogStore``."""
        tail = self._tails.get(execution_id)
        if tail is not None and offset >= tail.start:
            return LogPiece(*tail.read(offset, limit), tail.size)
        try:
            with translated():
                most = limit if tail is None else min(limit, tail.start - offset)
                log_path, index_path = map(Path, self._paths(execution_id))
                piece = LogPiece(*read_segment(log_path, index_path, offset, most))
        except FileNotFoundError:
            return LogPiece("stdout", b"", 0)
        return piece if tail is None else _extend(piece, tail, offset, limit)

    async def read_bytes(self, execution_id: str, offset: int, limit: int) -> bytes:
        """Read bytes of whichever type; see ``LogStore``."""
        tail = self._tails.get(execution_id)
        if tail is not None and offset >= tail.start:
            return tail.read_bytes(offset, limit)
        most = limit if tail is None else min(limit, tail.start - offset)
        try:
            with translated():
                return await asyncio.to_thread(read_at, self._paths(execution_id)[0], offset, most)
        except FileNotFoundError:
            return b""

    async def size(self, execution_id: str) -> int:
        """Return how many bytes are stored."""
        tail = self._tails.get(execution_id)
        return self._size_on_disk(execution_id) if tail is None else tail.size

    async def sizes(self, execution_ids: Collection[str]) -> dict[str, int]:
        """Return how many bytes are stored of each."""
        return {id_: await self.size(id_) for id_ in execution_ids}

    async def seal(self, execution_id: str) -> int:
        """Return the size when every byte survives a power cut, and close the files."""
        return await self._sealing.ask(execution_id) if await self.size(execution_id) else 0

    async def delete_all(self, execution_ids: Collection[str]) -> None:
        """Forget the logs."""
        for execution_id in execution_ids:
            self._tails.pop(execution_id, None)
            writer = self._writers.pop(execution_id, None)
            if writer is not None:
                writer.close()
        with translated():
            await asyncio.to_thread(self._unlink, execution_ids)

    async def close(self) -> None:
        """Close all files; what was appended stays."""
        await self._sealing.finish()
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        for execution_id, tail in list(self._tails.items()):
            self._try_to_flush(execution_id, tail)
        while self._writers:
            self._writers.popitem()[1].close()
        self._threads.shutdown()

    def _flush_later(self) -> None:
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(MAX_TAIL_AGE_S, self._flush_old)

    def _flush_old(self) -> None:
        """Write what has been in memory for long enough, some of it at once."""
        self._flushing = None
        before = time.monotonic() - MAX_TAIL_AGE_S
        old = [
            (execution_id, tail)
            for execution_id, tail in self._tails.items()
            if tail.length and tail.since <= before and not tail.is_sealing
        ]
        for execution_id, tail in old[:FLUSHED_AT_ONCE]:
            self._try_to_flush(execution_id, tail)
            if not tail.length:
                del self._tails[execution_id]
        if len(old) > FLUSHED_AT_ONCE:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(0, self._flush_old)
        elif any(tail.length for tail in self._tails.values()):
            self._flush_later()

    def _try_to_flush(self, execution_id: str, tail: Tail) -> None:
        try:
            with translated():
                self._flush(execution_id, tail)
        except LogError as error:  # whoever appends more, or seals it, is told
            _log.warning("log_not_written", execution=execution_id, cause=error.message)

    def _flush(self, execution_id: str, tail: Tail) -> None:
        """Bring to its file what is in memory of a log."""
        if not tail.length:
            return
        writer = self._open_writer(execution_id)
        tail.since = time.monotonic()
        try:
            write_pieces(writer, execution_id, tail.start, tail.list_pieces())
        finally:
            tail.drop(writer.size - tail.start)

    def _write_through(self, execution_id: str, tail: Tail, piece: Piece) -> None:
        writer = self._open_writer(execution_id)
        try:
            write_pieces(writer, execution_id, tail.start, [piece])
        finally:
            tail.start = writer.size
            del self._tails[execution_id]  # nothing of it is in memory

    async def _seal_all(self, execution_ids: Sequence[str]) -> Sequence[Outcome]:
        """Wait for the disk in a few threads: it writes for several at once."""
        jobs = {id_: self._plan_sealing(id_) for id_ in execution_ids}
        planned = list(jobs.values())
        parts = [planned[number::SYNC_THREADS] for number in range(min(SYNC_THREADS, len(planned)))]
        loop = asyncio.get_running_loop()
        sealed = (loop.run_in_executor(self._threads, _seal_part, part) for part in parts)
        await asyncio.gather(*sealed)
        for job in planned:
            tail = self._tails.get(job.execution_id)
            if tail is None:
                continue
            tail.is_sealing = False
            tail.drop(job.size - tail.start)
            if not tail.length:
                del self._tails[job.execution_id]
        return [jobs[execution_id].outcome for execution_id in execution_ids]

    def _plan_sealing(self, execution_id: str) -> "_Sealing":
        tail = self._tails.get(execution_id)
        writer = self._writers.pop(execution_id, None)
        paths = self._paths(execution_id)
        if tail is None:
            return _Sealing(execution_id, paths, writer)
        tail.is_sealing = True
        return _Sealing(execution_id, paths, writer, tail.start, tail.list_pieces())

    def _unlink(self, execution_ids: Collection[str]) -> None:
        for execution_id in execution_ids:
            for path in self._paths(execution_id):
                Path(path).unlink(missing_ok=True)

    def _open_writer(self, execution_id: str) -> SegmentWriter:
        writer = self._writers.get(execution_id)
        if writer is None:
            writer = self._writers[execution_id] = make_writer(self._paths(execution_id))
            if len(self._writers) > MAX_OPEN_WRITERS:
                self._writers.popitem(last=False)[1].close()
        self._writers.move_to_end(execution_id)
        return writer

    def _size_on_disk(self, execution_id: str) -> int:
        try:
            return Path(self._paths(execution_id)[0]).stat().st_size
        except FileNotFoundError:
            return 0

    def _paths(self, execution_id: str) -> tuple[str, str]:
        stem = f"{self._folder}/{execution_id[-2:]}/{execution_id}"
        return f"{stem}.log", f"{stem}.index"


@dataclass(slots=True)
class _Sealing:
    """What a thread does for one log."""

    execution_id: str
    paths: tuple[str, str]
    writer: SegmentWriter | None
    start: int | None = None
    """Where the pieces begin; None where there are none."""
    pieces: Sequence[Piece] = ()
    size: int = 0
    """How much is in the file by now."""
    outcome: Outcome = 0


def _seal_part(jobs: Sequence[_Sealing]) -> None:
    """Bring each log to the disk for good, and close it; blocks."""
    for job in jobs:
        try:
            with translated():
                _seal(job)
            job.outcome = job.size
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            job.outcome = error


def _seal(job: _Sealing) -> None:
    writer = job.writer or make_writer(job.paths)
    try:
        if job.start is not None:
            write_pieces(writer, job.execution_id, job.start, job.pieces)
        writer.sync()
    finally:
        job.size = writer.size
        writer.close()


def _extend(piece: LogPiece, tail: Tail, offset: int, limit: int) -> LogPiece:
    """Let a piece of the file go on with what is in memory, where that is of the same type."""
    end, data = offset + len(piece.data), piece.data
    log_type, more = tail.read(tail.start, limit - len(data))
    if end == tail.start and log_type == piece.log_type:
        data += more
    return LogPiece(piece.log_type, data, tail.size)
