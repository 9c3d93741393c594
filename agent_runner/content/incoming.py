# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a bundle kept while it arrives?"""

import hashlib
import os
import shutil
from pathlib import Path

from agent_runner.content.disk import require_room, translate_full_disk
from agent_runner.protocol.errors import BundleRejectedError, DiskFullError

KEEP_PARTIAL_S = 24 * 3600.0
"""A partial bundle that got no piece for so long is given up."""

PARTIAL_SUFFIX = ".partial"


class Upload:
    """The received part of a bundle.

    The announced size is in the file's name: a sender that is wrong about it spoils nothing for
    those that are right.
    """

    def __init__(self, folder: Path, digest: str, size: int) -> None:
        self._digest = digest
        self.path = folder / f"{digest}.{size}{PARTIAL_SUFFIX}"

    def append(self, offset: int, piece: bytes, min_free_bytes: int) -> int:
        """Append what of ``piece`` continues the file, and return how much is here.

        Raises:
            DiskFullError: what was received is removed, for it is in the way now.
        """
        received = self._measure()
        fresh = piece[received - offset :] if offset <= received else b""
        if not fresh:
            return received
        try:
            require_room(self.path.parent, len(fresh) + min_free_bytes)
            with translate_full_disk("the content bundle"):
                _write_at(self.path, received, fresh)
        except DiskFullError:
            self.discard()
            raise
        return received + len(fresh)

    def verify(self) -> None:
        """Compare the whole with its name.

        Raises:
            BundleRejectedError: these are other bytes than the digest promises.
        """
        with self.path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != self._digest:
            raise BundleRejectedError(
                f"The bundle was damaged on its way: its SHA-256 is {actual} and not"
                f" {self._digest}; send it again from offset 0"
            )

    def discard(self) -> None:
        """Remove what was received."""
        self.path.unlink(missing_ok=True)

    def _measure(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def clean_incoming(folder: Path, now: float) -> None:
    """Make the folder; remove half unpacked bundles, and partial ones that nobody sends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != PARTIAL_SUFFIX:
            path.unlink()
    remove_stale_partials(folder, now)


def remove_stale_partials(folder: Path, now: float) -> None:
    """Remove the partial bundles that nobody has sent a piece of for long."""
    for path in folder.glob(f"*{PARTIAL_SUFFIX}"):
        try:
            if now - path.stat().st_mtime > KEEP_PARTIAL_S:
                path.unlink()
        except FileNotFoundError:
            continue  # completed at this very moment


def _write_at(path: Path, position: int, data: bytes) -> None:
    """Write all of ``data`` at the end, or leave the file as it was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.seek(position)
            file.write(data)
    except OSError:
        os.ftruncate(descriptor, position)
        raise
    finally:
        os.close(descriptor)
