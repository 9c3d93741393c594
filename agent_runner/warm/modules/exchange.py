# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a module's output come back to Ansible, as if a shell had run it?"""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING, NamedTuple

from agent_runner.warm.modules.commands import NotUnderstoodError
from agent_runner.warm.modules.target.requests import (
    ACCEPTED,
    DECLINED,
    read_end,
    send_request,
)

if TYPE_CHECKING:
    import socket

    from agent_runner.warm.modules.target.requests import End, Request

READ_BYTES = 256 * 1024
"""How much is taken from a pipe at once."""

_KILLED = 128 + signal.SIGKILL
_QUIET_SIGNALS = (signal.SIGINT, signal.SIGPIPE)  # of which shells say nothing


class Ended(NamedTuple):
    """What a module has left: its end, where that is known, its output and its errors."""

    end: End | None
    stdout: bytes
    stderr: bytes


def run_module(connection: socket.socket, request: Request, cwd: bytes | str) -> Ended:
    """Run a module and return when it has ended and nobody holds its output any more.

    Raises:
        NotUnderstoodError: nothing was run.
        OSError: likewise.
    """
    cwd_fd = os.open(cwd, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    output_fd, output_write = os.pipe()
    errors_fd, errors_write = os.pipe()
    try:
        send_request(connection, request, [output_write, errors_write, cwd_fd])
    except OSError as error:
        os.close(output_fd)
        os.close(errors_fd)
        raise NotUnderstoodError("interpreter_failed") from error
    finally:
        for fd in (cwd_fd, output_write, errors_write):
            os.close(fd)
    try:
        received = _collect(connection.fileno(), output_fd, errors_fd)
    finally:
        os.close(output_fd)
        os.close(errors_fd)
    answer = received[connection.fileno()]
    if answer.startswith(DECLINED):
        raise NotUnderstoodError(answer[1:].partition(b"+")[0].decode())
    if not answer.startswith(ACCEPTED):
        raise NotUnderstoodError("interpreter_failed")
    return Ended(read_end(answer), received[output_fd], received[errors_fd])


def tell_as_shell(ended: Ended) -> tuple[int, bytes, bytes]:
    """Return the return code, output and errors that come out of a shell."""
    if ended.end is None:
        return _KILLED, ended.stdout, ended.stderr
    code = os.waitstatus_to_exitcode(ended.end.status)
    if code >= 0 or not ended.end.shell_stays:
        return code, ended.stdout, ended.stderr
    told = "" if -code in _QUIET_SIGNALS else f"{signal.strsignal(-code)}\n"
    return 128 - code, ended.stdout, ended.stderr + told.encode()


def _collect(*fds: int) -> dict[int, bytes]:
    """Read all until all have ended."""
    received = {fd: bytearray() for fd in fds}
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    left = len(fds)
    while left:
        for fd, _ in poll.poll():
            try:
                piece = os.read(fd, READ_BYTES)
            except ConnectionResetError:
                piece = b""
            if piece:
                received[fd] += piece
            else:
                poll.unregister(fd)
                left -= 1
    return {fd: bytes(data) for fd, data in received.items()}
