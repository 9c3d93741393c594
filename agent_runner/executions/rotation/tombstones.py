# SPDX-License-Identifier: GPL-3.0-or-later
"""Which executions were here once, and how did they end?

A tombstone is a symbolic link named after the execution whose target is its end: made at once or
not at all, without a block of its own, so also on a full disk.

It is what keeps "the same id never runs twice" true after a rotation: it is on disk before the
folder leaves its name, so that at each moment, a crash included, the id is found as a folder, as
a tombstone, or as both (then the folder counts). The promise thus holds for as long as the
folder is kept and ``MAX_AGE_S`` after that. A control plane asks again for the same id within
its own recovery: minutes to days, not months.
"""

import os
from pathlib import Path
from typing import cast

from agent_runner.executions.folder import sync_directory
from agent_runner.protocol.methods import State

MAX_AGE_S = 90 * 24 * 3600.0
"""How long an id is remembered after its folder was removed."""


class Tombstones:
    """The executions that were removed from one spool."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, command_id: str, state: State) -> None:
        """Remember how an execution ended; return when that would survive a power cut.

        Raises:
            OSError: it cannot be remembered; the execution must stay.
        """
        self._path.mkdir(mode=0o700, exist_ok=True)
        try:
            (self._path / command_id).symlink_to(state)
        except FileExistsError:
            return  # a crash came between tombstone and removal
        sync_directory(self._path)

    def find(self, command_id: str) -> State | None:
        """Return how a removed execution ended, or None where none is known."""
        try:
            return cast("State", os.readlink(self._path / command_id))  # noqa: PTH115 - a word, no path
        except FileNotFoundError:
            return None

    def list_paths(self) -> list[Path]:
        """Return the tombstones; their modification times say since when they are there."""
        return list(self._path.iterdir()) if self._path.exists() else []

    def forget_old(self, now: float, max_age_s: float = MAX_AGE_S) -> None:
        """Remove the tombstones that are old enough; ``now`` is seconds since the epoch."""
        if not self._path.exists():
            return
        with os.scandir(self._path) as entries:
            for entry in entries:
                if now - entry.stat(follow_symlinks=False).st_mtime > max_age_s:
                    os.unlink(entry.path)  # noqa: PTH108 - there may be a hundred thousand
