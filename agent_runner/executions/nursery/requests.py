# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the agent and the resident process say to each other? One request, one answer.

A request is the path of an execution's folder with the folder's lock, an answer is the pidfd of
the supervisor or the reason why there is none.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import NamedTuple

AGENT_FD = 3
"""Where the resident process finds its end of the socket."""

READY = b"ready"
"""What a resident process says that needs time before it can answer."""

_MAX_BYTES = 8192
_STARTED = b"started"


class Request(NamedTuple):
    """A supervisor is wanted."""

    folder: Path
    lock_fd: int


class RefusedError(OSError):
    """The resident process will not fork; says why."""


def make_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends that keep messages apart."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def take_agent() -> socket.socket:
    """Return the resident process's end of the socket; nothing that it starts inherits it."""
    agent = socket.socket(fileno=AGENT_FD)
    agent.set_inheritable(False)
    return agent


def send_request(connection: socket.socket, request: Request) -> None:
    """Ask for a supervisor.

    Raises:
        OSError: nobody is there.
    """
    socket.send_fds(connection, [os.fsencode(request.folder)], [request.lock_fd])


def take_request(connection: socket.socket) -> Request | None:
    """Wait for the next request; None when the agent has gone."""
    path, fds, _, _ = socket.recv_fds(connection, _MAX_BYTES, maxfds=1)
    return Request(Path(os.fsdecode(path)), fds[0]) if path else None


def send_answer(connection: socket.socket, pidfd: int) -> None:
    """Hand over the supervisor.

    Raises:
        OSError: the agent has gone.
    """
    socket.send_fds(connection, [_STARTED], [pidfd])


def send_refusal(connection: socket.socket, reason: str) -> None:
    """Say why there is no supervisor."""
    connection.send(reason.encode())


def take_answer(connection: socket.socket) -> int:
    """Return the supervisor's pidfd.

    Raises:
        RefusedError: there is none.
        OSError: nobody is there any more.
    """
    answer, fds, _, _ = socket.recv_fds(connection, _MAX_BYTES, maxfds=1)
    if not answer:
        raise ConnectionResetError("it has ended")
    if answer != _STARTED:
        raise RefusedError(answer.decode(errors="replace"))
    return fds[0]


def take_word(connection: socket.socket) -> str:
    """Return what a resident process says unasked; nothing where it has ended."""
    return connection.recv(_MAX_BYTES).decode(errors="replace")
