# SPDX-License-Identifier: GPL-3.0-or-later
"""Is an unpacked bundle still what was unpacked? Compared with a manifest before each start.

The manifest lies beside the trees and not in them, names the bundle's digest and holds its
signature. A bundle is here when its manifest is: it is written last and removed first.
"""

import hashlib
import os
import shutil
import stat
import uuid
from pathlib import Path

import msgspec

from agent_runner.content.disk import sync_folder

GENERATED = "__pycache__"
"""What Python leaves beside plugins: it is removed instead of believed."""

Entry = tuple[int, str]
"""Mode, and a file's SHA-256, a link's target behind ``>``, or nothing for a folder."""

Tree = dict[str, Entry]


class Manifest(msgspec.Struct, frozen=True):
    """What was unpacked of one bundle."""

    digest: str
    signature: str | None
    tree: Tree


class Manifests:
    """The manifests of the bundles in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, digest: str) -> bool:
        """Tell whether a bundle is unpacked whole."""
        return self._locate(digest).is_file()

    def find(self, digest: str) -> Manifest | None:
        """Return the manifest of a bundle; None where there is none that can be believed."""
        try:
            manifest = msgspec.json.decode(self._locate(digest).read_bytes(), type=Manifest)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return manifest if manifest.digest == digest else None

    def write(self, manifest: Manifest) -> None:
        """Write a manifest and return when it would survive a power cut."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._locate(manifest.digest)
        draft = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(self._folder)

    def remove(self, digest: str) -> None:
        """Say that a bundle is not here any more."""
        self._locate(digest).unlink(missing_ok=True)

    def _locate(self, digest: str) -> Path:
        return self._folder / f"{digest}.json"


def describe_tree(root: Path) -> Tree:
    """Return everything in a folder, with the digests of its files."""
    tree: Tree = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                tree[name] = _describe(entry)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
    return tree


def find_change(root: Path, manifest: Manifest, trash: Path) -> str | None:
    """Return the first thing that is not as it was unpacked, or None.

    Args:
        root: the unpacked bundle.
        manifest: what it should be.
        trash: a folder on the same file system, for what Python has left in it.
    """
    try:
        tree = describe_tree(root)
        for name in [name for name in tree if _is_generated(name, manifest.tree)]:
            # Moved in one step: a program that runs from the tree may write there right now.
            doomed = trash / f"{GENERATED}-{uuid.uuid4().hex}"
            (root / name).rename(doomed)
            shutil.rmtree(doomed)
            inside = f"{name}/"
            tree = {key: entry for key, entry in tree.items() if not f"{key}/".startswith(inside)}
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    if tree == manifest.tree:
        return None
    names = sorted(tree.keys() | manifest.tree.keys())
    return next(name for name in names if tree.get(name) != manifest.tree.get(name))


def _is_generated(name: str, known: Tree) -> bool:
    """Tell whether this is the outermost of folders that Python has made."""
    parts = name.split("/")
    return parts[-1] == GENERATED and GENERATED not in parts[:-1] and name not in known


def _describe(entry: os.DirEntry[str]) -> Entry:
    mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
    if entry.is_symlink():
        return mode, f">{Path(entry.path).readlink()}"
    if entry.is_dir(follow_symlinks=False):
        return mode, ""
    return mode, _digest(entry.path)


def _digest(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "no file"
        return hashlib.file_digest(file, "sha256").hexdigest()
