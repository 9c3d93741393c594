# SPDX-License-Identifier: GPL-3.0-or-later
"""What do followers record to in unit tests? A recorder that keeps everything in memory."""

import asyncio
from typing import Any

from agent_runner.protocol.methods import LogType
from api.executions.service import Task
from api.logs.memory import MemoryLogStore


class MemoryRecorder:
    """Remembers what is recorded; the log in a real store."""

    def __init__(self) -> None:
        self.logs = MemoryLogStore()
        self.events: list[dict[str, Any]] = []
        self.grown = asyncio.Event()
        self.told = asyncio.Event()
        self.awaited = False

    async def get_log_size(self, task: Task) -> int:
        """Return how much of the log is stored."""
        return await self.logs.size(task.id)

    async def append_log(
        self,
        task: Task,
        offset: int,
        log_type: LogType,
        data: bytes,
        *,
        is_kept_elsewhere: bool = False,
    ) -> int:
        """Store log bytes."""
        assert is_kept_elsewhere  # by the agent that is followed
        size = await self.logs.append(task.id, offset, log_type, data)
        self.grown.set()
        return size

    def is_awaited(self, _task: Task) -> bool:
        """Say whether somebody waits for events, as the test has it."""
        return self.awaited

    async def store_events(self, _task: Task, events: list[dict[str, Any]]) -> None:
        """Remember events."""
        self.events += events
        self.told.set()

    async def read(self, task: Task) -> list[tuple[LogType, bytes]]:
        """Return all that is stored of the log."""
        pieces: list[tuple[LogType, bytes]] = []
        offset = 0
        while True:
            log_type, data, _ = await self.logs.read(task.id, offset, 1 << 20)
            if not data:
                return pieces
            pieces.append((log_type, data))
            offset += len(data)
