# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names may a bundle make on this host?"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agent_runner.protocol.errors import BundleRejectedError

MAX_DEPTH = 64
"""How deep folders may lie in each other."""

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_PROGRAM_MODE = 0o700

_BLAME = {
    errno.EEXIST: "is there twice",
    errno.ENOTDIR: "lies in something that is no folder",
    errno.EISDIR: "is there twice",
    errno.ENAMETOOLONG: "has too long a name",
    errno.EINVAL: "has a name that this host refuses",
    errno.ENOENT: "points to nothing",
}
"""What of the file system's answers is the archive's fault."""


class NewTree:
    """A folder that is being filled, in which nothing is made twice or outside.

    Places in it are strings such as ``roles/web/tasks``, the folder itself is ``""``: a bundle
    may have tens of thousands.
    """

    def __init__(self, root: Path, max_members: int) -> None:
        self._root = root
        self._members_left = self._max_members = max_members
        self._named: set[str] = {""}
        self._folders: set[str] = {""}
        self._links: dict[str, str] = {}

    def make_folder(self, name: str) -> None:
        """Make a folder.

        Raises:
            BundleRejectedError: here as in all other methods, when the name may not be made.
        """
        place = _parse(name)
        if place:
            self._name(place)
            with _blaming(name):
                self._ensure_folder(place)

    @contextmanager
    def new_file(self, name: str, *, executable: bool) -> Iterator[IO[bytes]]:
        """Make a file and open it for writing."""
        place = _parse(name)
        self._name(place)
        mode = _PROGRAM_MODE if executable else _FILE_MODE
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _blaming(name):
            self._ensure_folder(_parent(place))
            self._count()
            descriptor = os.open(self._root / place, flags, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file

    def add_link(self, name: str, target: str) -> None:
        """Note a symbolic link, to be made when everything else is there."""
        place = _parse(name)
        self._name(place)
        if not target or target.startswith("/") or "\0" in target:
            raise _reject(name, "is a link out of the bundle")
        self._count()
        self._links[place] = target

    def make_links(self) -> None:
        """Make the links, and make sure that each ends inside however they lead on each other."""
        for place in self._links:
            with _blaming(place):
                self._ensure_folder(_parent(place))
        for place, target in self._links.items():
            with _blaming(place):
                (self._root / place).symlink_to(target)
        root = self._root.resolve()
        for place in self._links:
            end = Path(os.path.realpath(self._root / place))
            if not end.is_relative_to(root):
                raise _reject(place, "is a link out of the bundle")

    def _ensure_folder(self, place: str) -> None:
        """Make a folder and those above it, unless this tree made them before."""
        if place in self._folders:
            return
        self._ensure_folder(_parent(place))
        self._count()
        (self._root / place).mkdir(mode=_FOLDER_MODE)
        self._folders.add(place)

    def _name(self, place: str) -> None:
        if place in self._named:
            raise _reject(place, "is there twice")
        self._named.add(place)

    def _count(self) -> None:
        self._members_left -= 1
        if self._members_left < 0:
            raise BundleRejectedError(
                f"The bundle has more than {self._max_members} files; leave some out with"
                " .myxignore, or raise limits.bundle_max_files in the agent's configuration"
            )


def _parse(name: str) -> str:
    """Return the place that a member's name means."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise _reject(name, "leads out of the bundle")
    if len(parts) > MAX_DEPTH:
        raise _reject(name, f"lies more than {MAX_DEPTH} folders deep")
    return "/".join(parts)


def _parent(place: str) -> str:
    return place.rpartition("/")[0]


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _BLAME:
            raise
        raise _reject(name, _BLAME[error.errno]) from error


def _reject(name: str, why: str) -> BundleRejectedError:
    return BundleRejectedError(f"The bundle's {name[:200]!r} {why}; leave it out and build again")
