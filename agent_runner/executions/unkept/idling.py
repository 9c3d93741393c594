# SPDX-License-Identifier: GPL-3.0-or-later
"""Who ends a command that is not kept when nobody asks for it any more, and who forgets it?"""

import asyncio
import logging
import signal
import time

import msgspec

from agent_runner.executions.folder import Folder, write_cancel
from agent_runner.executions.registry import Registry
from agent_runner.executions.spool import Spool, find_result, signal_supervisor

IDLE_S = 60.0
"""A command that is not kept and that nobody has asked for in this time is ended and removed."""

REMEMBERED_S = 600.0
"""How long the id of a removed one is remembered: a request that is sent again runs nothing."""

_logger = logging.getLogger(__name__)


class Idling:
    """Removes commands that are not kept.

    Args:
        spool: where they are.
        registry: follows each to its end, and forgets what was removed.
        idle_s: after so many seconds without a question one is given up.
    """

    def __init__(self, spool: Spool, registry: Registry, idle_s: float = IDLE_S) -> None:
        self._spool = spool
        self._registry = registry
        self._idle_s = idle_s
        self._asked_at: dict[str, float] = {}
        self._acknowledged: set[str] = set()
        self._wakeup = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Take over what an agent before this one has started."""
        for folder in self._spool.list_folders():
            self._asked_at[folder.command_id] = self._now()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Let go; what runs goes on, and whoever opens it next counts anew."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def note_start(self, command_id: str) -> None:
        """Count from now on."""
        self._asked_at[command_id] = self._now()
        self._wakeup.set()

    def note_question(self, command_id: str) -> None:
        """Note that somebody asks; anything else than a command that is not kept is passed over."""
        if command_id in self._asked_at:
            self._asked_at[command_id] = self._now()

    def note_acknowledged(self, command_id: str) -> None:
        """Let one go as soon as its supervisor has."""
        self._acknowledged.add(command_id)
        self._wakeup.set()

    def note_end(self) -> None:
        """Look whether it may go: its supervisor has gone."""
        self._wakeup.set()

    async def _run(self) -> None:
        while True:
            self._wakeup.clear()
            removed, pause_s = await asyncio.to_thread(self._look_through, self._now())
            for command_id in removed:
                self._registry.acknowledge(command_id)
            try:
                async with asyncio.timeout(pause_s):
                    await self._wakeup.wait()
            except TimeoutError:
                continue

    def _look_through(self, now: float) -> tuple[list[str], float | None]:
        """End and remove what is due, in a thread; return what is gone and when to look again."""
        removed, pauses = [], []
        for command_id, asked_at in list(self._asked_at.items()):
            left_s = asked_at + self._idle_s - now
            is_wanted = left_s > 0 and command_id not in self._acknowledged
            try:
                if not is_wanted and self._give_up(self._spool.locate(command_id)):
                    del self._asked_at[command_id]
                    self._acknowledged.discard(command_id)
                    removed.append(command_id)
                    continue
            except (OSError, msgspec.DecodeError) as error:
                _logger.warning("not_removed", extra={"id": command_id, "error": str(error)})
            pauses.append(left_s if left_s > 0 else self._idle_s)
        try:
            self._spool.sweep(time.time(), REMEMBERED_S)
        except OSError as error:
            _logger.warning("not_swept", extra={"error": str(error)})
        return removed, min(pauses, default=None)

    def _give_up(self, folder: Folder) -> bool:
        """Remove one that has ended, or ask for its end; return whether it is gone."""
        if not folder.lock.exists():
            return True
        if find_result(folder) is None:
            write_cancel(folder, "nobody has asked for it any more")
            signal_supervisor(folder, signal.SIGTERM)
            return False
        return not self._registry.is_live(folder.command_id) and self._spool.remove(folder)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
