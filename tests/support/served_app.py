# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a program outside of a test reach an application inside of it? Over HTTP on loopback."""

import asyncio
import contextlib
import ipaddress
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI


@contextlib.asynccontextmanager
async def serve_app(
    app: FastAPI, *, lifespan: Literal["auto", "off"] = "auto"
) -> AsyncIterator[str]:
    """Serve the application until the end of the block; yields its URL.

    Its lifespan is that of the block, or ``off`` where it has been started already.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws="none", lifespan=lifespan
        )
        server = uvicorn.Server(config)
        # Not serve(): it would take the signals that pytest waits for.
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        serving = asyncio.create_task(server.main_loop())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
            await server.shutdown([listener])


class _Guard:
    """Refuses connections, as Python's own audit reports them; hooks cannot be taken away."""

    def __init__(self) -> None:
        self.is_up = False
        self.is_there = False

    def heed(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse a connection to another machine, and to look one up."""
        if not self.is_up:
            return
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            _refuse_unless_loopback(arguments[1][0])
        elif event == "socket.getaddrinfo":
            _refuse_unless_loopback(arguments[0])


_guard = _Guard()


@contextlib.contextmanager
def loopback_only() -> Iterator[None]:
    """Let nothing in this process reach another machine while the block lasts."""
    if not _guard.is_there:
        sys.addaudithook(_guard.heed)
        _guard.is_there = True
    _guard.is_up = True
    try:
        yield
    finally:
        _guard.is_up = False


def _refuse_unless_loopback(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(name or "").is_loopback:
            return
    if name not in {None, "localhost"}:
        raise OSError(f"this test reaches no other machine: {name}")
