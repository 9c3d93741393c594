# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is compiled code kept, so that nobody but this account can put any there?

One file for each thing, named by the digest of what it was compiled from, in a folder of this
Python's own. A file appears by a rename, and its content is checked before it is unpacked.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import stat
import sys
from typing import Any

MAX_BYTES = 64 * 1024 * 1024
"""More than all modules of Ansible's need; what was not used for longest goes first."""

_KEPT_SHARE = 0.75
_DIGEST_BYTES = 32
_FORM = b"1"  # of the files; another one is another folder


class CodeCache:
    """Compiled code on disk, by digest; without a folder it keeps nothing."""

    def __init__(self, folder: str | None, max_bytes: int = MAX_BYTES) -> None:
        self._folder = os.path.join(folder, _name_python()) if folder else None  # noqa: PTH118 - below
        self._max_bytes = max_bytes
        if folder and self._folder and not prepare_private(folder, self._folder):
            self._folder = None

    @property
    def is_open(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def find(self, key: str) -> Any:
        """Return what was stored under a digest, or None."""
        if self._folder is None:
            return None
        try:
            fd = os.open(self._locate(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        with os.fdopen(fd, "rb") as stream:
            if os.fstat(fd).st_uid != os.geteuid():
                return None
            content = stream.read()
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        return marshal.loads(body)  # noqa: S302 - written by this account, and whole

    def store(self, key: str, value: Any) -> None:
        """Keep a value that ``marshal`` knows; that it cannot be kept is no error."""
        if self._folder is None:
            return
        body = marshal.dumps(value)
        draft = self._locate(f"{key}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._make_room(len(body))
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as stream:
                stream.write(hashlib.sha256(body).digest() + body)
            os.replace(draft, self._locate(key))  # noqa: PTH105 - below

    def _make_room(self, wanted: int) -> None:
        """Remove the files that were not used for longest, if the new one would be too much."""
        with os.scandir(self._folder) as entries:
            files = [(entry.stat().st_atime, entry.stat().st_size, entry.path) for entry in entries]
        total = sum(size for _, size, _ in files) + wanted
        if total <= self._max_bytes:
            return
        for _, size, path in sorted(files):
            os.unlink(path)  # noqa: PTH108 - below
            total -= size
            if total <= self._max_bytes * _KEPT_SHARE:
                return

    def _locate(self, name: str) -> str:
        # pathlib costs more than all the rest here, in each module that runs.
        return f"{self._folder}/{name}"


def _name_python() -> str:
    """Return a name for all that the form of compiled code depends on."""
    facts = [sys.version.encode(), importlib.util.MAGIC_NUMBER, _FORM, repr(sys.flags).encode()]
    return hashlib.sha256(b"\0".join(facts)).hexdigest()[:32]


def prepare_private(*folders: str) -> bool:
    """Make folders, each within the one before; return whether they are this account's alone."""
    try:
        for path in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)  # noqa: PTH102 - as above
        return all(_is_private(os.lstat(path)) for path in folders)
    except OSError:
        return False


def _is_private(facts: os.stat_result) -> bool:
    return (
        stat.S_ISDIR(facts.st_mode)
        and facts.st_uid == os.geteuid()
        and not stat.S_IMODE(facts.st_mode) & 0o077
    )
