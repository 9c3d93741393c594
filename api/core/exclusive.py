# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a data directory kept to one process? By a lock that ends with the process."""

import fcntl
import os
from pathlib import Path

from api.core.errors import SettingsError
from api.core.private_files import PRIVATE_FILE_MODE


class DataDirTakenError(SettingsError):
    """Another control plane uses the data directory."""

    code = "data_dir_taken"


class ExclusiveLock:
    """A lock on a file, for as long as this process holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DataDirTakenError: another process has it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise DataDirTakenError(
                f"Another control plane uses {self._path.parent}. Stop it, or give this one a "
                "data directory of its own with MYX_DATA_DIR."
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back, where it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
