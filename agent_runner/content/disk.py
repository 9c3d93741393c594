# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there room on the disk, and is what was written really there?"""

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent_runner.protocol.errors import DiskFullError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def require_room(folder: Path, wanted_bytes: int) -> None:
    """Make sure that so much is free.

    Raises:
        DiskFullError: it names the folder and what is missing.
    """
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free < wanted_bytes:
        raise DiskFullError(
            f"{folder} has {free} bytes free and needs {wanted_bytes}; free some room on the host",
            {"free_bytes": free, "wanted_bytes": wanted_bytes},
        )


@contextmanager
def translate_full_disk(what: str) -> Iterator[None]:
    """Turn a full disk into the error that callers understand."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(f"No room on the host for {what}; free some") from error


def sync_file_system(folder: Path) -> None:
    """Return when everything written to the file system of ``folder`` is on disk.

    One call instead of an ``fsync`` for each of thousands of files.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with _opened(folder) as descriptor:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))


def exchange(first: Path, second: Path) -> None:
    """Let two paths change places in one step, so that neither is missing at any moment."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(first), os.fsencode(second))
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(first))


def sync_folder(folder: Path) -> None:
    """Return when the names in ``folder`` are on disk."""
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
