# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with paths in the rights of one account? A program of its own, which has no others.

It gives up the agent's as soon as it is loaded, since the account may not be able to read Python
itself. It opens, renames and removes, and hands what it has opened to the agent: the bytes of
files do not pass through it. Standard library only: it is started by its path, and for each
account that is used. It ends with the agent.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 64 * 1024
"""The longest request: two paths, escaped."""

_STDIN = 0
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class UnfitError(Exception):
    """What is there is not a plain file; says what it is."""


def open_to_read(path: str, *, follow: bool) -> int:
    """Open a plain file."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    if not follow:
        _check_plain(path)
        flags |= os.O_NOFOLLOW
    fd = os.open(path, flags)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise UnfitError(_name_kind(status))
    return fd


def open_draft(path: str, draft: str) -> int:
    """Make the draft of what shall be at ``path``, beside it; only its owner can read it."""
    with contextlib.suppress(FileNotFoundError):
        _check_plain(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(draft, flags, 0o600)


def publish(path: str, draft: str) -> None:
    """Let the draft be what is at ``path``, in one step."""
    with contextlib.suppress(FileNotFoundError):
        _check_plain(path)
    Path(draft).replace(path)


def remove_draft(draft: str) -> None:
    """Remove a draft that is not to be."""
    Path(draft).unlink()


def drop_rights(user: int, group: int, *groups: int) -> None:
    """Be this account from now on, with no way back."""
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def serve(agent: socket.socket) -> None:
    """Answer until the agent has gone."""
    methods: dict[str, Callable[..., int | None]] = {
        "read": open_to_read,
        "draft": open_draft,
        "publish": publish,
        "remove": remove_draft,
    }
    while request := agent.recv(MAX_BYTES):
        call: dict[str, Any] = json.loads(request)
        fds: list[int] = []
        answer: dict[str, Any] = {}
        try:
            fd = methods[call.pop("method")](**call)
            fds = [] if fd is None else [fd]
        except UnfitError as error:
            answer = {"unfit": str(error)}
        except OSError as error:
            answer = {"errno": error.errno or errno.EIO}
        socket.send_fds(agent, [json.dumps(answer).encode()], fds)
        for fd in fds:
            os.close(fd)


def _check_plain(path: str) -> None:
    """Make sure that a plain file is at the path, and no link to one."""
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise UnfitError(_name_kind(status))


def _name_kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "no plain file")


if __name__ == "__main__":
    if rights := [int(number) for number in sys.argv[1:]]:
        drop_rights(*rights)
    try:
        serve(socket.socket(fileno=os.dup(_STDIN)))
    except ConnectionError:
        sys.exit()
