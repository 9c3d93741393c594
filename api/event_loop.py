# SPDX-License-Identifier: GPL-3.0-or-later
"""What turns the control plane? uvloop, where a connection that fails is closed only once."""

import socket
from typing import Any

import uvloop


class EventLoop(uvloop.Loop):
    """uvloop's, where a socket that was handed over never closes the number of another one.

    A peer that resets a connection before TLS has begun (a program that is killed as it accepts)
    makes uvloop close the descriptor before it has noted whose socket object it is. That object
    closes the number once more when it is collected, and whoever has it by then, as a client that
    has just connected, loses its connection. aiohttp hands sockets over for all its connections.
    """

    async def create_connection(
        self, *args: Any, sock: socket.socket | None = None, **options: Any
    ) -> Any:
        """Connect as ``asyncio.loop.create_connection``; a failure takes ``sock``'s descriptor."""
        try:
            return await super().create_connection(*args, sock=sock, **options)
        except BaseException:
            if sock is not None:
                sock.detach()
            raise
