# SPDX-License-Identifier: GPL-3.0-or-later
"""How are logs kept without a disk? The fake that ships: for tests, and as the shortest example."""

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field

from agent_runner.protocol.methods import LogType
from api.logs.store import LogPiece, find_new_part


@dataclass
class _Log:
    data: bytearray = field(default_factory=bytearray)
    starts: list[tuple[int, LogType]] = field(default_factory=list)
    """Where each type begins."""


class MemoryLogStore:
    """A ``LogStore`` in memory."""

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}

    async def append(
        self,
        execution_id: str,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,  # noqa: ARG002 - here everything dies with the process
    ) -> int:
        """Store ``data``; see ``LogStore``."""
        log = self._logs.get(execution_id, _Log())
        new = find_new_part(execution_id, len(log.data), offset, data)
        if new:
            self._logs[execution_id] = log
            if not log.starts or log.starts[-1][1] != log_type:
                log.starts.append((len(log.data), log_type))
            log.data += new
        return len(log.data)

    async def read(self, execution_id: str, offset: int, limit: int) -> LogPiece:
        """Read a piece; see ``LogStore``."""
        log = self._logs.get(execution_id, _Log())
        size = len(log.data)
        place = bisect_right(log.starts, offset, key=lambda start: start[0])
        log_type = log.starts[place - 1][1] if place else "stdout"
        end = log.starts[place][0] if place < len(log.starts) else size
        return LogPiece(log_type, bytes(log.data[offset : min(end, offset + limit)]), size)

    async def read_bytes(self, execution_id: str, offset: int, limit: int) -> bytes:
        """Read bytes of whichever type; see ``LogStore``."""
        return bytes(self._logs.get(execution_id, _Log()).data[offset : offset + limit])

    async def size(self, execution_id: str) -> int:
        """Return how many bytes are stored."""
        return len(self._logs.get(execution_id, _Log()).data)

    async def sizes(self, execution_ids: Collection[str]) -> dict[str, int]:
        """Return how many bytes are stored of each."""
        return {id_: await self.size(id_) for id_ in execution_ids}

    async def seal(self, execution_id: str) -> int:
        """Return the size: memory survives no power cut."""
        return await self.size(execution_id)

    async def delete_all(self, execution_ids: Collection[str]) -> None:
        """Forget the logs."""
        for execution_id in execution_ids:
            self._logs.pop(execution_id, None)

    async def close(self) -> None:
        """Do nothing: nothing is open."""
