# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do content bundles lie? As ``<digest>.tar.gz`` in one folder, complete or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from api.bundles.errors import BundleNotFoundError, BundleRejectedError
from api.bundles.limits import BundleLimits
from api.core.disk import translate_disk_full
from api.core.private_files import ensure_private_dir, sync_folder

_UNFINISHED = ".unfinished-"


class BundleStore:
    """The folder of bundles. Its methods block for as long as the disk takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Make the folder, and remove what a crash left unfinished."""
        ensure_private_dir(self._folder)
        for path in self._folder.glob(f"{_UNFINISHED}*"):
            path.unlink()

    def has(self, digest: str) -> bool:
        """Say whether the bundle is there."""
        return self._path(digest).is_file()

    def get_archive(self, digest: str) -> Path:
        """Return the bundle's file, and note that it was asked for now.

        Raises:
            BundleNotFoundError: it is not there.
        """
        path = self._path(digest)
        try:
            os.utime(path)
        except FileNotFoundError as error:
            raise BundleNotFoundError.of(digest) from error
        return path

    def remove_unused(self, digest: str, since: datetime) -> bool:
        """Remove the bundle's file, unless it was asked for since; return whether it is gone."""
        path = self._path(digest)
        try:
            if path.stat().st_mtime >= since.timestamp():
                return False
            path.unlink()
        except FileNotFoundError:
            return True
        return True

    @contextmanager
    def reserve(self) -> Iterator[Path]:
        """Lend a file for a bundle that is being made; what is not kept is removed."""
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=_UNFINISHED)
        os.close(descriptor)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, path: Path, digest: str) -> None:
        """Give a finished file, written to disk, its place; the one that is there wins nothing."""
        path.rename(self._path(digest))
        sync_folder(self._folder)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.tar.gz"


class IncomingFile:
    """Takes the pieces of an upload, and knows the digest of what has come."""

    def __init__(self, path: Path, limits: BundleLimits) -> None:
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self._limits = limits
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Append a piece.

        Raises:
            BundleTooLargeError: it is one too many.
        """
        self.size_bytes += len(data)
        self._limits.check_packed(self.size_bytes)
        self._hash.update(data)
        with translate_disk_full("the content bundle"):
            self._file.write(data)

    def finish(self, digest: str) -> None:
        """Write everything to disk.

        Raises:
            BundleRejectedError: it has another digest than announced.
        """
        with translate_disk_full("the content bundle"):
            self._file.flush()
            os.fsync(self._file.fileno())
        if self._hash.hexdigest() != digest:
            raise BundleRejectedError(
                f"The body has the SHA-256 {self._hash.hexdigest()}, not the one in the path. "
                "Send it again, to the path with its own digest."
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
