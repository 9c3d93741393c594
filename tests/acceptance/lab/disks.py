# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a host get a disk that fills up, and that forgets at a power cut what was not synced?

An ext4 file system in a file, mounted on this machine and given to the host's container. Cutting
the power is the kernel's own way to test file systems: everything that is not on the disk by
then is gone, and the next mount replays the journal.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = struct.pack("I", 2)

_MIB = 1024 * 1024


class Disk:
    """The file system of one host.

    Args:
        parent: the folder in which image and mount point are made.
        size_mb: its size in MiB; only what is written takes room on this machine.
    """

    def __init__(self, parent: Path, size_mb: int) -> None:
        self._dir = Path(tempfile.mkdtemp(prefix=f"disk-{os.getpid()}-", dir=parent))
        self._image = self._dir / "image"
        self.path = self._dir / "mounted"
        self._filler = self.path / "filler"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(size_mb * _MIB)
        _run("mkfs.ext4", "-q", "-m", "0", str(self._image))
        self._mount()

    def fill(self) -> None:
        """Take all the room that is left."""
        with self._filler.open("ab") as filler:
            step = 16 * _MIB
            while step >= 1024:
                try:
                    os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), step)
                except OSError:
                    step //= 2

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    def lose_power(self) -> None:
        """Forget what was not synced, and come back as the disk of a machine that boots again.

        Nothing may use the file system any more: the host's processes are gone.
        """
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(descriptor)
        _run("umount", str(self.path))
        self._mount()

    def remove(self) -> None:
        """Unmount and remove it."""
        _remove(self._dir)

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.path))


def remove_orphaned_disks(parent: Path) -> None:
    """Remove the disks of sessions that are gone."""
    for folder in parent.glob("disk-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(subprocess.CalledProcessError):  # it was not mounted any more
        _run("umount", "--lazy", str(folder / "mounted"))
    shutil.rmtree(folder)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
