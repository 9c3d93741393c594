# SPDX-License-Identifier: GPL-3.0-or-later
"""How many processes may use a data directory? As many as there are locks, each with a name.

With SQLite that is one. Replicas on one PostgreSQL may share a data directory, or have one each.
A lock ends with its process, and its file keeps the process's name: whoever gets the lock knows
that the one who had the name before is gone, and goes on under it.
"""

import fcntl
import os
import uuid
from pathlib import Path

from api.core.errors import SettingsError
from api.core.private_files import PRIVATE_FILE_MODE


class DataDirTakenError(SettingsError):
    """Another control plane uses the data directory."""

    code = "data_dir_taken"


class ExclusiveLock:
    """A lock on the first file that is free, for as long as this process holds it."""

    def __init__(self, path: Path, places: int = 1) -> None:
        """Take the first file; the others have a number behind its name."""
        self._paths = [path] + [path.with_name(f"{path.name}-{n}") for n in range(2, places + 1)]
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DataDirTakenError: other processes have all of them.
        """
        for path in self._paths:
            self._descriptor = _try_lock(path)
            if self._descriptor is not None:
                return
        folder = self._paths[0].parent
        raise DataDirTakenError(
            f"Another control plane uses {folder}. Stop it, or give this one a data directory of "
            "its own with MYX_DATA_DIR."
        )

    def get_name(self) -> str:
        """Return the name that the holder of this lock has, and had before."""
        assert self._descriptor is not None, "only the holder has a name"  # noqa: S101 - our mistake
        name = os.pread(self._descriptor, 100, 0).decode().strip()
        return name or self.rename()

    def rename(self) -> str:
        """Take a name that nobody has had, and return it."""
        assert self._descriptor is not None, "only the holder has a name"  # noqa: S101 - our mistake
        name = str(uuid.uuid4())
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{name}\n".encode(), 0)
        return name

    def release(self) -> None:
        """Give the lock back, where it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
