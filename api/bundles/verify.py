# SPDX-License-Identifier: GPL-3.0-or-later
"""Is an archive that somebody sent a safe content bundle? Read through once, nothing unpacked."""

import gzip
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from agent_runner.protocol import errors as rpc
from agent_runner.protocol.archives import FILE_TYPES, read_members
from api.bundles.errors import BundleRejectedError
from api.bundles.limits import BundleLimits

HEADER_ALLOWANCE_BYTES = 4096
"""What tar itself may take for each file beside the content."""

END_ALLOWANCE_BYTES = 64 * 1024
"""What tar may add at the end, and what is read ahead."""

_DAMAGE = (rpc.BundleRejectedError, gzip.BadGzipFile, zlib.error, EOFError)


class _CountedStream:
    """Stops a small archive from unpacking to more than is allowed, whatever its headers say."""

    def __init__(self, stream: BinaryIO, limits: BundleLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._allowed_bytes = limits.max_files * HEADER_ALLOWANCE_BYTES + END_ALLOWANCE_BYTES
        self._read_bytes = 0

    def read(self, size: int) -> bytes:
        """Read as a file does."""
        data = self._stream.read(size)
        self._read_bytes += len(data)
        self._limits.check_unpacked(self._read_bytes - self._allowed_bytes)
        return data


def verify_archive(path: Path, limits: BundleLimits) -> int:
    """Return how many files, folders and links are in the archive; blocks.

    Raises:
        BundleRejectedError: it is damaged, or a member is not what a bundle may hold.
        BundleTooLargeError: it is more than the limits allow.
    """
    files, unpacked_bytes = 0, 0
    seen: set[str] = set()
    links: set[str] = set()
    with path.open("rb") as file, _translate_damage():
        for member in _read_members(file, limits):
            files, unpacked_bytes = files + 1, unpacked_bytes + member.size
            limits.check_files(files)
            limits.check_unpacked(unpacked_bytes)
            _check_member(member)
            if member.name in seen:
                raise _reject(member.name, "is there twice")
            seen.add(member.name)
            if member.issym():
                links.add(member.name)
        for name in seen:
            if any(parent in links for parent in _list_parents(name)):
                raise _reject(name, "lies behind a link")
    return files


def _read_members(file: BinaryIO, limits: BundleLimits) -> Iterator[tarfile.TarInfo]:
    with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
        stream = _CountedStream(cast("BinaryIO", unpacked), limits)
        for _archive, member in read_members(cast("BinaryIO", stream)):
            yield member


def _check_member(member: tarfile.TarInfo) -> None:
    name = member.name
    if not name.isprintable() or posixpath.normpath(name) != name or name in {".", ".."}:
        raise _reject(name, "is no plain relative path")
    if name.startswith(("/", "../")):
        raise _reject(name, "leads out of the bundle")
    if member.issym():
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
        if posixpath.isabs(member.linkname) or target == ".." or target.startswith("../"):
            raise _reject(name, f"is a link that leads out of the bundle, to {member.linkname!r}")
    elif not (member.isdir() or (member.type in FILE_TYPES and not member.sparse)):
        raise _reject(name, "is neither file, folder nor symbolic link")


def _list_parents(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name


def _reject(name: str, problem: str) -> BundleRejectedError:
    return BundleRejectedError(
        f"The bundle's member {name!r} {problem}. Let 'myx run --content FOLDER' build the bundle."
    )


@contextmanager
def _translate_damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BundleRejectedError(
            f"The body is no intact tar.gz ({error}). Let 'myx run --content FOLDER' build it."
        ) from error
