# SPDX-License-Identifier: GPL-3.0-or-later
"""How much may a connection ask for before its caller has shown the token?

uvicorn parses HTTP; what it leaves unbounded is bounded here. Connections on which no right
token was seen yet are few and short-lived: where there are too many, the oldest of them makes
room, so that strangers can neither exhaust the agent nor keep the control plane out.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_UNTRUSTED = 500
"""Open connections on which no right token was seen yet: half of the descriptors that a process
usually has, and more than a control plane opens at once."""

MAX_HEAD_BYTES = 16 * 1024
"""The longest request line with headers."""

REQUEST_TIMEOUT_S = 30.0
"""How long one request may take to arrive, from the connection or its first byte on."""

KEEP_ALIVE_S = 90
"""How long a connection may lie idle: longer than the control plane's heartbeat interval."""

TRUST_EXTENSION = "myx.trust_connection"
"""The ASGI extension by which the application tells that it saw the right token."""


class ConnectionTable(ServerState):
    """The connections of one listener."""

    def __init__(self) -> None:
        super().__init__()
        self.untrusted: dict[BoundedProtocol, None] = {}
        self.is_empty = asyncio.Event()
        self.is_empty.set()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP connection with limits on head, time and number."""

    server_state: ConnectionTable

    def __init__(
        self, config: Config, server_state: ConnectionTable, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._deadline: asyncio.TimerHandle | None = None
        self._heads = 0
        self._head_bytes = 0
        self._is_in_head = True
        self._is_complete = True

    def trust(self) -> None:
        """Note that the caller showed the right token."""
        self.server_state.untrusted.pop(self, None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, and give the oldest stranger up where there are too many."""
        super().connection_made(transport)
        table = self.server_state
        table.is_empty.clear()
        table.untrusted[self] = None
        if len(table.untrusted) > MAX_UNTRUSTED:
            next(iter(table.untrusted)).abort()
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
        self.scope["extensions"] = {TRUST_EXTENSION: {"trust": self.trust}}
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
