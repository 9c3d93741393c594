# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent accept connections, and how does it stop without keeping anyone waiting?

uvicorn's protocol class serves each connection. Its ``Server`` is not used: it wakes up ten
times a second, takes the process's signals, and leaves TLS handshakes without a limit. Nor is
asyncio's: it tells of a connection only when its handshake is done, so that any number of them
could be begun.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl

from uvicorn.config import Config as UvicornConfig

from agent_runner.errors import ListenError
from agent_runner.https.connections import KEEP_ALIVE_S, BoundedProtocol, ConnectionTable
from agent_runner.https.endpoint import RpcEndpoint
from agent_runner.https.strangers import Stranger

logger = logging.getLogger(__name__)

HANDSHAKE_TIMEOUT_S = 10.0
"""How long a TLS handshake may take."""

STOP_GRACE_S = 1.0
"""How long answers that are under way may take once the agent stops."""

BACKLOG = 512
"""Connections that may wait to be accepted."""

ACCEPTED_AT_ONCE = 32
"""Connections that are accepted in a row before others are served."""

ACCEPT_PAUSE_S = 0.5
"""How long nothing is accepted where the process has no descriptor left."""


def open_socket(address: str, port: int) -> socket.socket:
    """Reserve the port.

    Raises:
        ListenError: somebody else has it, or the address is not of this host.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it; without it each answer waits 40 ms for the caller's delayed ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        raise ListenError(_explain(address, port, error)) from error
    return sock


def _explain(address: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is used by another program; stop that program (ss -ltnp names it), or"
            " install the agent again with another port"
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"Cannot listen on {address} port {port} ({reason}); correct listen_address or rpc_port"


class Listener:
    """Serves one application over TLS on one socket."""

    def __init__(self, app: RpcEndpoint, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock = sock
        self._context = context
        self._table = ConnectionTable()
        self._config = UvicornConfig(
            app,
            interface="asgi3",
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._config.load()
        self._greeting: set[asyncio.Task[None]] = set()
        self._is_listening = False

    async def start(self) -> None:
        """Accept connections from now on."""
        self._sock.setblocking(False)
        self._is_listening = True
        self._listen()

    async def stop(self) -> None:
        """Accept nothing more, let answers under way finish for a moment, and end the rest."""
        if self._is_listening:
            self._is_listening = False
            asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()
        for task in self._greeting:
            task.cancel()
        for connection in list(self._table.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(STOP_GRACE_S):
                await self._table.is_empty.wait()
        except TimeoutError:
            for connection in list(self._table.connections):
                connection.transport.abort()

    def _listen(self) -> None:
        if self._is_listening:
            asyncio.get_running_loop().add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        """Accept what waits; each connection counts as a stranger before its handshake begins."""
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, address = self._sock.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                logger.warning("not_accepting", extra={"error": error.strerror})
                loop.remove_reader(self._sock)
                loop.call_later(ACCEPT_PAUSE_S, self._listen)
                return
            sock.setblocking(False)
            task = loop.create_task(self._greet(sock, address[0]))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _greet(self, sock: socket.socket, address: str) -> None:
        """Shake hands over TLS; what does not come so far leaves nothing behind."""
        stranger = Stranger(address, lambda: _cut(sock))
        self._table.strangers.admit(stranger)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: BoundedProtocol(self._config, self._table, stranger),
                sock,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                ssl_shutdown_timeout=STOP_GRACE_S,
            )
        except OSError:  # a timeout and whatever TLS finds wrong are such, too
            self._table.strangers.release(stranger)


def _cut(sock: socket.socket) -> None:
    """End a connection under its handshake, which then fails."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
