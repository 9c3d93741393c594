# SPDX-License-Identifier: GPL-3.0-or-later
"""In which of the two spools is an execution? An id is in one of them only."""

import os
from collections.abc import Iterator
from pathlib import Path

from agent_runner.executions.folder import Folder
from agent_runner.executions.spool import Spool
from agent_runner.protocol.methods import State


class Spools:
    """The spool of what is kept, and that of what is not.

    Args:
        kept: the folder of the one.
        unkept: the folder of the other.
    """

    def __init__(self, kept: Path, unkept: Path) -> None:
        self.kept = Spool(kept)
        self.unkept = Spool(unkept)

    def open(self) -> None:
        """Make both, and let the supervisors of both tell the same agent."""
        self.kept.open()
        self.unkept.open()
        link = self.unkept.socket_path
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(self.kept.socket_path, link.parent))

    def choose(self, *, keep: bool) -> Spool:
        """Return the spool for a new execution."""
        return self.kept if keep else self.unkept

    def is_kept(self, folder: Folder) -> bool:
        """Tell in which of them an execution is."""
        return folder.path.parent != self.unkept.path

    def has(self, command_id: str) -> bool:
        """Tell whether an execution is or was in one of them."""
        return self.kept.has(command_id) or self.unkept.has(command_id)

    def find_removed(self, command_id: str) -> State | None:
        """Return how an execution ended that was removed since, or None."""
        return self._find_spool(command_id).find_removed(command_id)

    def locate(self, command_id: str) -> Folder:
        """Return where the folder of an execution is, if there is one."""
        return self._find_spool(command_id).locate(command_id)

    def get(self, command_id: str) -> Folder:
        """Return the folder of an execution; raises as ``Spool.get``."""
        return self._find_spool(command_id).get(command_id)

    def list_folders(self) -> Iterator[Folder]:
        """Return the folders of all executions."""
        yield from self.kept.list_folders()
        yield from self.unkept.list_folders()

    def _find_spool(self, command_id: str) -> Spool:
        return self.unkept if self.unkept.has(command_id) else self.kept
