# SPDX-License-Identifier: GPL-3.0-or-later
"""What do a worker of Ansible's and a ready interpreter say to each other?

The worker sends one request on a connection of its own, with the descriptors of the module's
output, its errors and its working directory. The answers are single letters: ``DECLINED`` with a
reason before anything was done, or ``ACCEPTED`` and, when the module has ended, ``ENDED`` with
how.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

DECLINED, ACCEPTED, ENDED = b"-", b"!", b"+"

_HEAD = struct.Struct("!QQ")
_END = struct.Struct("!i?")
_FDS = 3


class Request(NamedTuple):
    """One module to run.

    ``environment`` is the worker's own, ``variables`` are those that the command sets before the
    interpreter's name, ``path`` is the file that holds the payload where there is one.
    """

    environment: dict[str, str]
    variables: dict[str, str]
    umask: int
    path: str | None
    payload: bytes


class End(NamedTuple):
    """How a module has ended.

    Attributes:
        status: as ``os.waitpid`` says it.
        shell_stays: whether a shell would have told of it: some put the program in their place.
    """

    status: int
    shell_stays: bool


class GoneError(Exception):
    """The other side has ended in the middle of a message."""


def send_request(connection: socket.socket, request: Request, fds: Sequence[int]) -> None:
    """Ask for a module.

    Args:
        connection: to the ready interpreter.
        request: what to run.
        fds: its standard output, standard error and working directory.

    Raises:
        OSError: nobody is there.
    """
    head = json.dumps(request[:-1]).encode()
    lengths = _HEAD.pack(len(head), len(request.payload))
    socket.send_fds(connection, [lengths], list(fds))
    connection.sendall(head)
    connection.sendall(request.payload)


def take_request(connection: socket.socket) -> tuple[Request, list[int]]:
    """Return the request of a new connection, and its descriptors.

    Raises:
        GoneError: the worker has ended before it was complete.
        OSError: as above.
    """
    lengths, fds, _, _ = socket.recv_fds(connection, _HEAD.size, _FDS)
    lengths += _take(connection, _HEAD.size - len(lengths))
    head_bytes, payload_bytes = _HEAD.unpack(lengths)
    head = json.loads(_take(connection, head_bytes))
    return Request._make([*head, _take(connection, payload_bytes)]), fds


def send_end(connection: socket.socket, end: End) -> None:
    """Tell how a module has ended.

    Raises:
        OSError: nobody is there any more.
    """
    connection.sendall(ENDED + _END.pack(*end))


def read_end(answer: bytes) -> End | None:
    """Return how the module has ended, or None where the answer is not complete."""
    kind, _, rest = answer.partition(ENDED)
    if len(rest) < _END.size or kind not in (b"", ACCEPTED):
        return None
    return End._make(_END.unpack(rest[: _END.size]))


def describe_environment() -> dict[str, str]:
    """Return this process's environment as it can be sent."""
    return dict(os.environ)


def _take(connection: socket.socket, count: int) -> bytes:
    data = connection.recv(count, socket.MSG_WAITALL)  # mostly all of it, so it is not copied
    while len(data) < count:
        piece = connection.recv(count - len(data), socket.MSG_WAITALL)
        if not piece:
            raise GoneError
        data += piece
    return data
