# SPDX-License-Identifier: GPL-3.0-or-later
"""How do logs lie on the control plane's disk? As on the host: bytes and an index of types.

``<folder>/<last two characters of the id>/<id>.log`` and ``.index``; ids are UUIDv7, so their
ends spread evenly over 256 folders. Appends and reads go to the page cache in microseconds and
are done right on the event loop; ``seal``, which waits for the disk, and deleting leave it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent_runner.protocol.methods import LogType
from agent_runner.protocol.segments import SegmentWriter, read_segment
from api.core.private_files import PRIVATE_DIR_MODE
from api.logs.errors import LogStorageError
from api.logs.store import LogPiece, find_new_part

MAX_OPEN_WRITERS = 256
"""How many logs stay open for writing; the least recently used one is closed."""


class FileLogStore:
    """A ``LogStore`` in files under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: OrderedDict[str, SegmentWriter] = OrderedDict()

    async def append(self, execution_id: str, offset: int, log_type: LogType, data: bytes) -> int:
        """Store ``data``; see ``LogStore``."""
        with _translated():
            writer = self._open_writer(execution_id)
            return writer.append(log_type, find_new_part(execution_id, writer.size, offset, data))

    async def read(self, execution_id: str, offset: int, limit: int) -> LogPiece:
        """Read a piece; see ``LogStore``."""
        try:
            with _translated():
                return LogPiece(*read_segment(*self._paths(execution_id), offset, limit))
        except FileNotFoundError:
            return LogPiece("stdout", b"", 0)

    async def size(self, execution_id: str) -> int:
        """Return how many bytes are stored."""
        try:
            return self._paths(execution_id)[0].stat().st_size
        except FileNotFoundError:
            return 0

    async def sizes(self, execution_ids: Collection[str]) -> dict[str, int]:
        """Return how many bytes are stored of each."""
        return {id_: await self.size(id_) for id_ in execution_ids}

    async def seal(self, execution_id: str) -> None:
        """Return when every byte survives a power cut, and close the files."""
        if not await self.size(execution_id):
            return
        with _translated():
            writer = self._open_writer(execution_id)
            del self._writers[execution_id]
            try:
                await asyncio.to_thread(writer.sync)
            finally:
                writer.close()

    async def delete_all(self, execution_ids: Collection[str]) -> None:
        """Forget the logs."""
        for execution_id in execution_ids:
            writer = self._writers.pop(execution_id, None)
            if writer is not None:
                writer.close()
        with _translated():
            await asyncio.to_thread(self._unlink, execution_ids)

    async def close(self) -> None:
        """Close all files; what was appended stays."""
        while self._writers:
            self._writers.popitem()[1].close()

    def _unlink(self, execution_ids: Collection[str]) -> None:
        for execution_id in execution_ids:
            for path in self._paths(execution_id):
                path.unlink(missing_ok=True)

    def _open_writer(self, execution_id: str) -> SegmentWriter:
        writer = self._writers.get(execution_id)
        if writer is None:
            log_path, index_path = self._paths(execution_id)
            log_path.parent.mkdir(PRIVATE_DIR_MODE, parents=True, exist_ok=True)
            writer = self._writers[execution_id] = SegmentWriter(log_path, index_path)
            if len(self._writers) > MAX_OPEN_WRITERS:
                self._writers.popitem(last=False)[1].close()
        self._writers.move_to_end(execution_id)
        return writer

    def _paths(self, execution_id: str) -> tuple[Path, Path]:
        stem = self._folder / execution_id[-2:] / execution_id
        return stem.with_suffix(".log"), stem.with_suffix(".index")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the disk refuses into an error of ours; a missing file stays what it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LogStorageError(
            f"The log cannot be stored or read: {error.strerror}. "
            "Check the space and the rights in the logs folder of MYX_DATA_DIR."
        ) from error
