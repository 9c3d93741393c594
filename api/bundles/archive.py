# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a folder become a content bundle? A tar.gz in which equal content is equal bytes.

Sorted, without times and owners, the executable bit as the only mode: so the digest names the
content. Pure: the command line packs with the same code.
"""

import gzip
import hashlib
import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from api.bundles.errors import ContentError
from api.bundles.limits import BundleLimits
from api.bundles.scan import Entry, Scan, scan_folder
from api.core.disk import translate_disk_full


@dataclass(frozen=True, slots=True)
class BuiltBundle:
    """A bundle in a file."""

    digest: str
    path: Path
    size_bytes: int
    files: int


def build_bundle(folder: Path, target: Path, limits: BundleLimits | None = None) -> BuiltBundle:
    """Pack a folder into the file ``target``; blocks.

    Raises:
        ContentError: the folder cannot be packed as it is.
        BundleTooLargeError: it is more than the limits allow.
    """
    return pack_scan(scan_folder(folder), target, limits or BundleLimits())


def pack_scan(scan: Scan, target: Path, limits: BundleLimits) -> BuiltBundle:
    """Pack what was scanned; raises as ``build_bundle``, also when it has changed meanwhile."""
    limits.check_files(len(scan.entries))
    limits.check_unpacked(sum(entry.size_bytes for entry in scan.entries))
    with translate_disk_full("the content bundle"), target.open("wb") as file:
        _write_archive(scan, file)
        file.flush()
        os.fsync(file.fileno())
    limits.check_packed(target.stat().st_size)
    return BuiltBundle(hash_file(target), target, target.stat().st_size, len(scan.entries))


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in lower-case hexadecimal; blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_archive(scan: Scan, file: BinaryIO) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for entry in scan.entries:
            _add_entry(archive, scan.folder / entry.path, entry)


def _add_entry(archive: tarfile.TarFile, source: Path, entry: Entry) -> None:
    member = tarfile.TarInfo(entry.path)
    member.mode = 0o755 if stat.S_ISDIR(entry.mode) or entry.mode & stat.S_IXUSR else 0o644
    if entry.link is not None:
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry.link, 0o777
        archive.addfile(member)
    elif stat.S_ISDIR(entry.mode):
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    else:
        member.size = entry.size_bytes
        _add_file(archive, source, member)


def _add_file(archive: tarfile.TarFile, source: Path, member: tarfile.TarInfo) -> None:
    try:
        # A file that became a link since the scan must not bring in what lies elsewhere.
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ContentError(
            f"'{member.name}' cannot be read: {error.strerror}. Make it readable for this user, "
            "or leave it out with .myxignore."
        ) from error
    with os.fdopen(descriptor, "rb") as content:
        if os.fstat(descriptor).st_size != member.size:
            raise _changed(member)
        try:
            archive.addfile(member, content)
        except OSError as error:
            if error.errno is not None:
                raise
            raise _changed(member) from error  # tarfile's word for a file that has shrunk


def _changed(member: tarfile.TarInfo) -> ContentError:
    return ContentError(f"'{member.name}' changed while it was packed. Try again.")
