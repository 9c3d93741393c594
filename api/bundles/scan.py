# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a content folder? Every file, folder and link that belongs to a bundle, in order."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.bundles.errors import ContentError
from api.bundles.ignore import IGNORE_FILE, Ignores, load_ignores


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of the content."""

    path: str
    """Relative, with ``/``."""

    mode: int
    size_bytes: int
    changed_ns: int
    link: str | None = None
    """Where a symbolic link points to, relative to its own folder."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A folder's content without the bytes."""

    folder: Path
    entries: tuple[Entry, ...]

    @property
    def signature(self) -> str:
        """Another one when something has changed, as far as names, sizes and times tell."""
        digest = hashlib.sha256()
        for entry in self.entries:
            facts = (entry.path, entry.mode, entry.size_bytes, entry.changed_ns, entry.link)
            digest.update(repr(facts).encode())
        return digest.hexdigest()

    @property
    def newest_change_ns(self) -> int:
        """When something in it changed last, in Unix nanoseconds."""
        return max((entry.changed_ns for entry in self.entries), default=0)


def scan_folder(folder: Path) -> Scan:
    """List what of the folder belongs into a bundle; blocks.

    Raises:
        ContentError: there is no such folder, a part cannot be read, or a link leads out of it.
    """
    if not folder.is_dir():
        raise ContentError(
            f"The content folder {folder} is not there. Make it, or name another "
            "(--content, or MYX_CONTENT_DIR for the control plane)."
        )
    root = folder.resolve()
    try:
        entries = tuple(_walk(root, "", load_ignores(root)))
    except OSError as error:
        raise ContentError(
            f"{error.filename} cannot be read: {error.strerror}. Make it readable for this user, "
            f"or leave it out with {IGNORE_FILE}."
        ) from error
    return Scan(root, tuple(sorted(entries, key=lambda entry: entry.path)))


def _walk(root: Path, prefix: str, ignores: Ignores) -> Iterator[Entry]:
    with os.scandir(root / prefix) as listing:
        found = list(listing)
    for item in found:
        path = f"{prefix}{item.name}"
        is_folder = item.is_dir(follow_symlinks=False)
        if ignores(path, is_folder):
            continue
        yield _describe(root, path, item.stat(follow_symlinks=False))
        if is_folder:
            yield from _walk(root, f"{path}/", ignores)


def _describe(root: Path, path: str, status: os.stat_result) -> Entry:
    if not path.isprintable():
        raise ContentError(
            f"The name {path!r} has characters that cannot be printed. Rename it, "
            f"or leave it out with {IGNORE_FILE}."
        )
    kind = stat.S_IFMT(status.st_mode)
    if kind not in {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise ContentError(
            f"'{path}' is neither file, folder nor link. Remove it, "
            f"or leave it out with {IGNORE_FILE}."
        )
    return Entry(
        path=path,
        mode=status.st_mode,
        size_bytes=status.st_size if kind == stat.S_IFREG else 0,
        changed_ns=max(status.st_mtime_ns, status.st_ctime_ns) if kind == stat.S_IFREG else 0,
        link=_resolve_link(root, path) if kind == stat.S_IFLNK else None,
    )


def _resolve_link(root: Path, path: str) -> str:
    """Return the link's target relative to the link; an absolute one inside becomes relative."""
    place = root / path
    target = Path(place.readlink())
    if target.is_absolute():
        target = Path(os.path.relpath(target.resolve(), place.parent))
    lexical = Path(os.path.normpath(place.parent / target))
    if not (lexical.is_relative_to(root) and place.resolve().is_relative_to(root)):
        raise ContentError(
            f"The link '{path}' leads to {place.readlink()}, out of the content folder. "
            f"Copy what it leads to into the folder, or leave the link out with {IGNORE_FILE}."
        )
    return target.as_posix()
