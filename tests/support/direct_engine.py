# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries runs in tests of everything else? Tasks, where the real engine takes a second."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable


class DirectEngine:
    """Drives each run in a task, and remembers nothing."""

    def __init__(self, drive: Callable[[int], Awaitable[None]]) -> None:
        self._drive = drive
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, _executor_id: str, unfinished_runs: Iterable[int]) -> None:
        """Drive what was under way."""
        for run_id in unfinished_runs:
            await self.start(run_id)

    async def take_over(self, _living: Collection[str]) -> int:
        """Take over nothing: there are no others."""
        return 0

    async def forget_ended(self) -> int:
        """Forget nothing: it remembers nothing."""
        return 0

    async def start(self, run_id: int) -> None:
        """Drive a run."""
        task = asyncio.create_task(self._drive_run(run_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Return when all runs are driven to their end, agents told included."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Stop driving."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drive_run(self, run_id: int) -> None:
        await self._drive(run_id)
