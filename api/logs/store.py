# SPDX-License-Identifier: GPL-3.0-or-later
"""What does every store of logs offer? The port behind which files, memory or a database stand.

An append at an offset that is stored already changes nothing, and only what lies behind the
stored end is added; an append beyond the end is an error. So a follower that begins again from
``size`` after any crash, or two that follow the same execution, end with the same bytes.
"""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from agent_runner.protocol.methods import LogType
from api.logs.errors import LogGapError


class LogPiece(NamedTuple):
    """A contiguous stretch of one type."""

    log_type: LogType
    data: bytes
    """Empty at the end of what is stored."""
    size: int
    """The size of the whole log, taken before ``data`` was read."""


class LogStore(Protocol):
    """Stores one append-only log of two types for each execution."""

    async def append(
        self,
        execution_id: str,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,
    ) -> int:
        """Store ``data``, which begins at ``offset``, and return the new size.

        What ``is_kept_elsewhere``, by its host, until the log is sealed, may be lost when this
        process dies: it is fetched again. All else then is there.

        Raises:
            LogGapError: ``offset`` is beyond the end; nothing was stored.
            LogStorageError: the store is full or broken.
        """
        ...

    async def read(self, execution_id: str, offset: int, limit: int) -> LogPiece:
        """Read at most ``limit`` bytes of one type; a log that has no byte yet reads as empty."""
        ...

    async def read_bytes(self, execution_id: str, offset: int, limit: int) -> bytes:
        """Read at most ``limit`` bytes of whichever type; none only where none is stored."""
        ...

    async def size(self, execution_id: str) -> int:
        """Return how many bytes are stored; 0 for a log that was never written."""
        ...

    async def sizes(self, execution_ids: Collection[str]) -> dict[str, int]:
        """Return how many bytes are stored of each."""
        ...

    async def seal(self, execution_id: str) -> int:
        """Return the size when every byte survives a power cut; no append is expected any more."""
        ...

    async def delete_all(self, execution_ids: Collection[str]) -> None:
        """Forget the logs; deleting what is not there changes nothing."""
        ...

    async def close(self) -> None:
        """Close what is open; what was appended stays."""
        ...


async def read_full(logs: LogStore, execution_id: str, offset: int, length: int) -> bytes:
    """Read so many bytes of whichever type; fewer only at the end of what is stored."""
    parts, size = [], 0
    while size < length:
        more = await logs.read_bytes(execution_id, offset + size, length - size)
        if not more:
            break
        parts.append(more)
        size += len(more)
    return b"".join(parts)  # of one part that one, without a copy


def find_new_part(execution_id: str, size: int, offset: int, data: bytes) -> bytes:
    """Return what of ``data`` at ``offset`` lies behind the stored ``size``.

    Raises:
        LogGapError: bytes between ``size`` and ``offset`` are missing.
    """
    if offset > size:
        raise LogGapError(
            f"The log of execution {execution_id} has {size} bytes; a piece at {offset} would "
            f"leave a hole. Read again from {size}."
        )
    return data[size - offset :]
