# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent speak to one resident process, and how does it end it?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from agent_runner.executions.nursery.requests import (
    make_pair,
    send_request,
    take_answer,
    take_word,
)
from agent_runner.executions.spawn import Started

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from agent_runner.executions.nursery.requests import Request


class Resident:
    """A resident process, from its start to its end.

    Args:
        spawn: starts it at the other end of a socket, whose descriptor it is given.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, spawn: Callable[[int], Started]) -> None:
        self._connection, theirs = make_pair()
        self._connection.setblocking(False)
        try:
            with theirs:
                self._process = spawn(theirs.fileno())
        except OSError:
            self._connection.close()
            raise

    @property
    def pid(self) -> int | None:
        """Its pid."""
        return self._process.child_pid

    async def ask(self, request: Request, timeout_s: float) -> Started:
        """Return the supervisor that it forks.

        Raises:
            RefusedError: it will not.
            OSError: it has ended, or does not answer in this time.
        """
        send_request(self._connection, request)
        async with asyncio.timeout(timeout_s):
            await _wait_readable(self._connection)
        return Started(take_answer(self._connection), None)

    async def listen(self) -> str:
        """Return what it says unasked, or nothing where it has ended."""
        await _wait_readable(self._connection)
        with contextlib.suppress(ConnectionError):
            return take_word(self._connection)
        return ""

    async def wait(self) -> None:
        """Return when it has ended."""
        await _wait_readable(self._process.pidfd)

    def kill(self) -> None:
        """End it without asking; what was forked from it goes on."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process.pidfd, signal.SIGKILL)

    def close(self) -> None:
        """End it, reap it and let go of it."""
        self.kill()
        self._connection.close()
        os.close(self._process.pidfd)
        if self._process.child_pid is not None:
            os.waitpid(self._process.child_pid, 0)


async def _wait_readable(source: socket.socket | int) -> None:
    """Return when there is something to read: a message, or for a pidfd the end."""
    readable = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(source, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(source)
