# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a tar.gz become a folder, and nothing but that?

The archive is not trusted, even where its digest is right. Only files, folders and relative
links that stay inside are made; nothing is made twice; nothing is written through a link,
because links come last. Owner, times and modes but "executable" are ours. Everything is counted
while it is unpacked, so that a bomb stops early.
"""

import gzip
import shutil
import tarfile
import tempfile
import threading
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent_runner.content.disk import (
    exchange,
    require_room,
    sync_file_system,
    sync_folder,
    translate_full_disk,
)
from agent_runner.content.manifests import Tree, describe_tree
from agent_runner.content.tree import NewTree
from agent_runner.protocol.archives import read_members
from agent_runner.protocol.errors import BundleRejectedError, InternalError

COPY_BYTES = 64 * 1024
"""How much of a file is in memory at once."""

ROOM_CHECK_BYTES = 16 * 1024 * 1024
"""After so many unpacked bytes the room on the disk is looked at again."""

_DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
_EXECUTABLE = 0o111


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """How much a bundle may unpack to."""

    max_bytes: int
    max_members: int
    min_free_disk_bytes: int


def unpack_bundle(
    archive: Path, target: Path, workspace: Path, limits: UnpackLimits, stop: threading.Event
) -> Tree:
    """Unpack ``archive`` to ``target``, which appears complete or not at all, and describe it.

    What is at ``target`` before is set aside in the workspace until the agent's next start:
    a program may run from it.

    Args:
        archive: the tar.gz.
        target: the folder to make.
        workspace: a folder on the same file system as ``target``, for the unfinished one.
        limits: what is too much.
        stop: when set, unpacking ends with an error.

    Raises:
        BundleRejectedError: the archive is damaged, unsafe or too large.
        DiskFullError: the host has no room for it.
        InternalError: ``stop`` was set.
    """
    with (
        translate_full_disk("the unpacked content bundle"),
        _translate_damage(),
        _unfinished_folder(workspace) as folder,
    ):
        with gzip.open(archive) as stream:
            _Unpacking(folder, limits, stop).run(stream)
        tree = describe_tree(folder)
        sync_file_system(folder)
        if target.exists():
            exchange(folder, target)
            folder.rename(workspace / f"aside-{target.name[:12]}-{uuid.uuid4().hex}")
        else:
            folder.rename(target)
        sync_folder(target.parent)
        return tree


@contextmanager
def _unfinished_folder(workspace: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=workspace))
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder)


@contextmanager
def _translate_damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise BundleRejectedError(
            f"The bundle is no intact tar.gz ({error}); build it again"
        ) from error


class _Unpacking:
    """One archive on its way to disk."""

    def __init__(self, root: Path, limits: UnpackLimits, stop: threading.Event) -> None:
        self._root = root
        self._limits = limits
        self._stop = stop
        self._tree = NewTree(root, limits.max_members)
        self._unpacked_bytes = 0
        self._next_room_check = 0

    def run(self, stream: gzip.GzipFile) -> None:
        for archive, member in read_members(stream):
            self._check_stop()
            self._unpack(archive, member)
        self._tree.make_links()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise InternalError("The agent is stopping; send the bundle again when it is back")

    def _unpack(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if member.isdir():
            self._tree.make_folder(member.name)
        elif member.issym():
            self._tree.add_link(member.name, member.linkname)
        else:
            self._count_bytes(member)
            is_program = bool(member.mode & _EXECUTABLE)
            with self._tree.new_file(member.name, executable=is_program) as out:
                self._copy(archive, member, out)

    def _copy(self, archive: tarfile.TarFile, member: tarfile.TarInfo, out: IO[bytes]) -> None:
        source = archive.extractfile(member)
        while source is not None and (data := source.read(COPY_BYTES)):
            self._check_stop()
            out.write(data)

    def _count_bytes(self, member: tarfile.TarInfo) -> None:
        self._unpacked_bytes += member.size
        if self._unpacked_bytes > self._limits.max_bytes:
            raise BundleRejectedError(
                f"The bundle unpacks to more than {self._limits.max_bytes} bytes (at"
                f" {member.name!r}); leave files out with .myxignore, or raise"
                " limits.bundle_unpacked_max_bytes in the agent's configuration"
            )
        if self._unpacked_bytes >= self._next_room_check:
            require_room(self._root, member.size + self._limits.min_free_disk_bytes)
            self._next_room_check = self._unpacked_bytes + ROOM_CHECK_BYTES
