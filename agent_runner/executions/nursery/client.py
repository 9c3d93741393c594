# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent get its supervisors, whether the resident process is there or not?

Where it is dead, hangs or refuses, a supervisor is started as a new program: that takes longer
and is the same otherwise. Meanwhile another resident process is started.
"""

import asyncio
import functools
import logging
import time
from collections.abc import Callable

from agent_runner.executions.folder import Folder
from agent_runner.executions.nursery.requests import Request
from agent_runner.executions.nursery.residents import Resident
from agent_runner.executions.spawn import Started, spawn_nursery, spawn_supervisor

ANSWER_TIMEOUT_S = 10.0
"""A resident process that has not forked after this time is replaced."""

MIN_PAUSE_S = 0.1
"""The pause before a dead resident process is replaced; it doubles while they die young."""

MAX_PAUSE_S = 60.0
"""The longest pause, and the age from which on a resident process does not die young."""

_logger = logging.getLogger(__name__)


class Nursery:
    """Starts supervisors, from a resident process that it keeps.

    Args:
        for_playbooks: most supervisors of playbooks come from here as well.
        clock: seconds that only grow.
    """

    def __init__(self, *, for_playbooks: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._spawn_resident = functools.partial(spawn_nursery, for_playbooks=for_playbooks)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._resident: Resident | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The resident process, where there is one."""
        return self._resident.pid if self._resident else None

    def open(self) -> None:
        """Start the resident process, and another one whenever it dies."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """End the resident process; what was forked from it goes on."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def spawn(self, folder: Folder, lock_fd: int) -> Started:
        """Start the supervisor of a prepared execution and hand it the lock.

        Where it is not known whether the resident process has forked it before it died, there
        may be two of them: the one that takes the order goes on, the other leaves.

        Raises:
            OSError: it cannot be started.
        """
        async with self._turn:
            resident = self._resident
            if resident is not None:
                try:
                    return await resident.ask(Request(folder.path, lock_fd), ANSWER_TIMEOUT_S)
                except OSError as error:
                    _logger.warning("nursery_failed", extra={"error": str(error)})
                    self._resident = None
                    resident.kill()
        return spawn_supervisor(folder, lock_fd)

    async def _keep(self) -> None:
        """Have a resident process until this task is cancelled."""
        pause_s = MIN_PAUSE_S
        while True:
            started_at = self._clock()
            try:
                await self._live()
            except OSError as error:
                _logger.warning("nursery_failed", extra={"error": str(error)})
            is_young = self._clock() - started_at < MAX_PAUSE_S
            pause_s = min(2 * pause_s, MAX_PAUSE_S) if is_young else MIN_PAUSE_S
            _logger.warning("nursery_ended", extra={"restart_s": pause_s})
            await asyncio.sleep(pause_s)

    async def _live(self) -> None:
        """Start a resident process and return when it has ended."""
        resident = self._resident = Resident(self._spawn_resident)
        try:
            await resident.wait()
        finally:
            self._resident = None
            resident.close()
