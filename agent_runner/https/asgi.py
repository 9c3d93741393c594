# SPDX-License-Identifier: GPL-3.0-or-later
"""How do requests and answers pass between uvicorn and the agent?

The agent has one route and bytes as bodies, so ASGI itself is enough: a framework would cost
every host 2 MB and four more packages.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class CallerGoneError(Exception):
    """The caller hung up before it had sent the whole request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP response."""

    status: int
    body: bytes = b""
    media_type: bytes = b"text/plain"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = [*self.headers]
        if self.body:
            headers += [
                (b"content-type", self.media_type),
                (b"content-length", str(len(self.body)).encode()),
            ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def find_header(scope: Scope, name: str) -> bytes:
    """Return the first header of that name, empty where there is none."""
    wanted = name.lower().encode()
    return next((value for key, value in scope["headers"] if key == wanted), b"")


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes | None:
    """Return the body, or ``None`` as soon as it is known to be too large.

    Raises:
        CallerGoneError: the connection ended before the body did.
    """
    announced = find_header(scope, "content-length")
    if announced.isdigit() and int(announced) > max_bytes:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGoneError
        body += message["body"]
        if len(body) > max_bytes:
            return None
        if not message["more_body"]:
            return bytes(body)


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the caller hangs up; only for a request whose body is read."""
    while (await receive())["type"] != "http.disconnect":
        pass
