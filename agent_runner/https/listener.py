# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent accept connections, and how does it stop without keeping anyone waiting?

uvicorn's protocol class serves each connection. Its ``Server`` is not used: it wakes up ten
times a second, takes the process's signals, and leaves TLS handshakes without a limit.
"""

import asyncio
import errno
import socket
import ssl

from uvicorn.config import Config as UvicornConfig

from agent_runner.errors import ListenError
from agent_runner.https.connections import KEEP_ALIVE_S, BoundedProtocol, ConnectionTable
from agent_runner.https.endpoint import RpcEndpoint

HANDSHAKE_TIMEOUT_S = 10.0
"""How long a TLS handshake may take."""

STOP_GRACE_S = 1.0
"""How long answers that are under way may take once the agent stops."""

BACKLOG = 512
"""Connections that may wait to be accepted."""


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
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept connections from now on."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: BoundedProtocol(self._config, self._table, {}),
            sock=self._sock,
            ssl=self._context,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            ssl_shutdown_timeout=STOP_GRACE_S,
        )

    async def stop(self) -> None:
        """Accept nothing more, let answers under way finish for a moment, and end the rest."""
        if self._server is None:
            self._sock.close()
            return
        self._server.close()
        for connection in list(self._table.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(STOP_GRACE_S):
                await self._table.is_empty.wait()
        except TimeoutError:
            for connection in list(self._table.connections):
                connection.transport.abort()
