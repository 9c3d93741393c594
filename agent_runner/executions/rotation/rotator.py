# SPDX-License-Identifier: GPL-3.0-or-later
"""When are ended executions, and content that nothing uses, removed from this host?

At the agent's start, once an hour, and when an acknowledged end takes the spool over a limit.
Only what has ended goes: its terminal record is there, its lock is free, and nobody follows it.
An end that nobody has acknowledged goes only when it is very old, and leaves a line in the
agent's log. How ages are counted: see ``aging``.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from agent_runner.config import Limits
from agent_runner.executions.folder import Folder, find_json
from agent_runner.executions.registry import Registry
from agent_runner.executions.rotation.aging import Aging
from agent_runner.executions.rotation.selection import SLACK, Ended, choose_removable
from agent_runner.executions.spool import Spool

AGING_NAME = ".clocks"
"""The file in the spool that remembers what the clocks showed."""

INTERVAL_S = 3600.0
"""How often the host is looked through when nothing else asks for it."""

_logger = logging.getLogger(__name__)


class Rotator:
    """Removes what has been kept long enough.

    Args:
        spool: the executions.
        registry: what is in it as living stays, and it forgets what was removed.
        trim_bundles: removes content, but what is in the set of digests it is given.
        limits: the ``spool_*`` fields hold.
        clock: seconds since the epoch.
        uptime: seconds since the host's start.
    """

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        trim_bundles: Callable[[Collection[str]], None],
        limits: Limits,
        clock: Callable[[], float],
        uptime: Callable[[], float],
    ) -> None:
        self._spool = spool
        self._limits = limits
        self._registry = registry
        self._trim_bundles = trim_bundles
        self._clock = clock
        self._read_uptime = uptime
        self._aging = Aging(spool.path / AGING_NAME)
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self._left_count = self._left_bytes = 0

    def open(self) -> None:
        """Begin with a first pass."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop after the removal that is under way."""
        self._is_closing = True
        self._wanted.set()
        if self._task is not None:
            await self._task

    def note_acknowledged(self, folder: Folder) -> None:
        """Count an execution that may go now, and ask for a pass when a limit is passed."""
        self._left_count -= 1
        self._left_bytes -= _measure(folder)
        if self._left_count < 0 or self._left_bytes < 0:
            self._wanted.set()

    async def rotate(self) -> None:
        """Do one pass."""
        async with self._one_at_a_time:
            removed = await asyncio.to_thread(self._rotate)
        for command_id in removed:
            self._registry.acknowledge(command_id)

    async def _run(self) -> None:
        while not self._is_closing:
            self._wanted.clear()
            try:
                await self.rotate()
            except (OSError, ValueError) as error:
                _logger.warning("rotation_failed", extra={"error": str(error)})
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._wanted.wait()

    def _rotate(self) -> list[str]:
        """Look through the host once, in a thread; return what was removed."""
        now = self._clock()
        self._correct_ages(now)
        self._sweep(now)
        folders = {folder.command_id: folder for folder in self._spool.list_folders()}
        sizes = {command_id: _measure(folder) for command_id, folder in folders.items()}
        ended = [one for id_, folder in folders.items() if (one := _find_ended(folder, sizes[id_]))]
        chosen = choose_removable(
            ended, count=len(folders), size_bytes=sum(sizes.values()), limits=self._limits, now=now
        )
        removed = [one for one in chosen if self._remove(folders[one.command_id], one)]
        self._measure_room(
            len(folders) - len(removed),
            sum(sizes.values()) - sum(one.size_bytes for one in removed),
        )
        if not self._is_closing:
            self._trim_bundles(_list_used_bundles(folders, ended))
        return [one.command_id for one in removed]

    def _correct_ages(self, now: float) -> None:
        leap_s = self._aging.correct(self._list_stamped, now=now, uptime_s=self._read_uptime())
        if leap_s:
            _logger.warning("clock_was_set", extra={"seconds": round(leap_s)})

    def _list_stamped(self) -> list[Path]:
        results = [folder.result for folder in self._spool.list_folders()]
        return [*results, *self._spool.list_tombstones()]

    def _sweep(self, now: float) -> None:
        try:
            self._spool.sweep(now)
        except OSError as error:
            _logger.warning("not_swept", extra={"error": str(error)})

    def _remove(self, folder: Folder, ended: Ended) -> bool:
        if self._is_closing or self._registry.is_live(folder.command_id):
            return False
        try:
            removed = self._spool.remove(folder)
        except (OSError, msgspec.DecodeError) as error:
            _logger.warning("not_removed", extra={"id": folder.command_id, "error": str(error)})
            return False
        if removed and not ended.is_acknowledged:
            _logger.warning("removed_unacknowledged", extra={"id": folder.command_id})
        return removed

    def _measure_room(self, count: int, size_bytes: int) -> None:
        """Set how much may come before the next pass: a tenth also where nothing more can go."""
        limits = self._limits
        self._left_count = _compute_room(count, limits.spool_max_executions)
        self._left_bytes = _compute_room(size_bytes, limits.spool_max_bytes)


def _compute_room(value: int, limit: int) -> int:
    return max(limit - value, limit // SLACK)


def _list_used_bundles(folders: dict[str, Folder], ended: list[Ended]) -> set[str]:
    """Return the digests of the content that the living playbooks run from."""
    living = folders.keys() - {one.command_id for one in ended}
    requests = [find_json(folders[command_id].request) for command_id in living]
    facts = [request.get("audit", {}) for request in requests if request]
    return {one["digest"] for one in facts if one.get("kind") == "playbook"}


def _measure(folder: Folder) -> int:
    """Return how much room a folder takes; one that is just leaving takes none."""
    try:
        with os.scandir(folder.path) as entries:
            return sum(entry.stat(follow_symlinks=False).st_blocks * 512 for entry in entries)
    except FileNotFoundError:
        return 0


def _find_ended(folder: Folder, size_bytes: int) -> Ended | None:
    """Return when and how big an execution ended, or None where it has not."""
    try:
        ended_at = folder.result.stat().st_mtime
    except FileNotFoundError:
        return None
    return Ended(folder.command_id, ended_at, size_bytes, folder.acknowledged.exists())
