# SPDX-License-Identifier: GPL-3.0-or-later
"""How much may a connection ask for before its caller has shown the token?

uvicorn parses HTTP; what it leaves unbounded is bounded here: the length of a head, and the time
that a request may take to arrive. How many strangers there may be is in ``strangers``.
"""

import asyncio

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from agent_runner.https.strangers import Stranger, Strangers

MAX_HEAD_BYTES = 16 * 1024
"""The longest request line with headers."""

REQUEST_TIMEOUT_S = 30.0
"""How long one request may take to arrive, from the connection or its first byte on."""

KEEP_ALIVE_S = 90
"""How long a connection may lie idle: longer than the control plane's heartbeat interval."""

CONNECTION = "myx.connection"
"""The ASGI extension by which the application tells that it saw the right token, or gives up."""


class ConnectionTable(ServerState):
    """The connections of one listener."""

    def __init__(self) -> None:
        super().__init__()
        self.strangers = Strangers()
        self.is_empty = asyncio.Event()
        self.is_empty.set()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP connection with limits on head, time and number."""

    server_state: ConnectionTable

    def __init__(self, config: Config, table: ConnectionTable, stranger: Stranger) -> None:
        """Take the stranger as which the connection was accepted."""
        super().__init__(config, table, {})
        self._stranger = stranger
        self._deadline: asyncio.TimerHandle | None = None
        self._heads = 0
        self._head_bytes = 0
        self._is_in_head = True
        self._is_complete = True

    def trust(self) -> None:
        """Note that the caller showed the right token."""
        self.server_state.strangers.release(self._stranger)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in."""
        super().connection_made(transport)
        self._stranger.give_up = self.abort
        self.server_state.is_empty.clear()
        self._set_deadline(REQUEST_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._set_deadline(None)
        self.trust()
        super().connection_lost(exc)
        if not self.server_state.connections:
            self.server_state.is_empty.set()

    def abort(self) -> None:
        """End the connection at once."""
        self.trust()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and stop at a head that does not end."""
        was_in_head, heads = self._is_in_head, self._heads
        super().data_received(data)
        is_all_head = was_in_head and self._is_in_head and heads == self._heads
        self._head_bytes = self._head_bytes + len(data) if is_all_head else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            self.abort()

    def on_message_begin(self) -> None:
        """Start the clock of a request."""
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"trust": self.trust, "abort": self.abort}}
        self._is_complete = False
        self._set_deadline(REQUEST_TIMEOUT_S)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what follows a body is dropped, for nothing reads it."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass the request on."""
        self._is_in_head = False
        self._heads += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: from here on the agent is at work."""
        super().on_message_complete()
        self._is_in_head = True
        self._is_complete = True
        # A request that was answered before all of it came leaves an idle connection behind.
        self._set_deadline(KEEP_ALIVE_S if self.cycle.response_complete else None)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of one that is answered already."""
        super().on_response_complete()
        if self._is_complete:
            self._set_deadline(KEEP_ALIVE_S)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.abort)
