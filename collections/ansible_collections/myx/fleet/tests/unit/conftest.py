# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane on this machine that answers what a test wrote down."""

from __future__ import annotations

import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

CUT = (0, None)
"""An answer that never comes: the connection is closed instead."""


class Received(t.NamedTuple):
    """A request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: t.Any


class FakeApi:
    """What is answered: by method and path a list, of which the last is repeated; else 404.

    An answer is a status, JSON or bytes, and headers where there are any.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.url = ""
        self._answers: dict[tuple[str, str], list[t.Any]] = {}

    def answer(self, method: str, path: str, *answers: t.Any) -> None:
        """Write down the answers to a request, one after the other."""
        self._answers[method, path] = list(answers)

    def find(self, method: str, path: str) -> list[Received]:
        """Return the requests of this kind that came."""
        return [one for one in self.received if (one.method, one.path) == (method, path)]

    def take(self, request: Received) -> t.Any:
        """Keep a request and return its answer."""
        self.received.append(request)
        known = self._answers.get((request.method, request.path))
        if known is None:
            return (404, {"detail": "There is no such thing.", "code": "not_found", "status": 404})
        return known.pop(0) if len(known) > 1 else known[0]


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do(self) -> None:
        """Answer a request of any method."""
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Received(
            self.command,
            parts.path.replace("/api/v1", "", 1),
            parse_qs(parts.query),
            dict(self.headers),
            json.loads(raw) if raw else None,
        )
        status, document, *headers = t.cast(t.Any, self.server).api.take(request)
        if not status:
            self.close_connection = True
            return
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in dict(*headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = do  # noqa: N815 - as http.server calls them

    def log_message(self, *_args: t.Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def api() -> t.Iterator[FakeApi]:
    """Return a control plane that answers 404 to everything until it is told otherwise."""
    fake = FakeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    t.cast(t.Any, server).api = fake
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()
