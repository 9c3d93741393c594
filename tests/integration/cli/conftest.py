# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane that answers what a test wrote down, and ``myx`` against it."""

import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.cli import main

TOKEN = "myx_" + "t" * 43

CUT_HERE = b"CUT"
"""A piece of a stream at which the connection is closed."""

CUT = (0, None)
"""An answer that never comes: the connection is closed instead."""

Json = dict[str, Any]
Answer = tuple[int, Any] | list[bytes]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass
class FakeApi:
    """What is answered: by method and path, a list of answers of which the last one is repeated.

    An answer is (status, JSON), the pieces of a stream, or ``CUT``.
    """

    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, *answers: Answer) -> None:
        """Write down the answers to a request, one after the other."""
        self.answers[method, f"/api/v1{path}"] = list(answers)

    def find(self, method: str, path: str) -> list[Received]:
        """Return the requests of that kind."""
        return [r for r in self.received if (r.method, r.path) == (method, f"/api/v1{path}")]

    def take(self, request: Received) -> Answer:
        """Return the next answer to a request."""
        self.received.append(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, problem(401, "The token is wrong.")
        answers = self.answers.get((request.method, request.path))
        if not answers:
            return 404, problem(404, f"There is nothing at {request.path}.")
        return answers.pop(0) if len(answers) > 1 else answers[0]


def problem(status: int, detail: str, **more: Any) -> Json:
    """Return a problem+json."""
    return {"type": "about:blank", "title": "x", "status": status, "detail": detail, **more}


class _Server(ThreadingHTTPServer):
    """Serves one fake."""

    def __init__(self, fake: FakeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do(self) -> None:
        """Answer a request of any method."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Received(self.command, parts.path, query, dict(self.headers), body)
        answer = self.server.fake.take(request)
        if isinstance(answer, list):
            self._stream(answer)
        elif answer is CUT:
            self.close_connection = True
        else:
            self._answer(*answer)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = do  # noqa: N815 - the base class's names

    def _answer(self, status: int, document: Any) -> None:
        data = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, pieces: list[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            if piece == CUT_HERE:
                self.close_connection = True
                return
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """Return a control plane that answers 404 to everything until it is told otherwise."""
    fake = FakeApi()
    server = _Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: bytes
    raw_err: bytes

    @property
    def err(self) -> str:
        """What it said on standard error."""
        return self.raw_err.decode(errors="replace")


@pytest.fixture
def myx(
    api: FakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Callable[..., Outcome]:
    """Return a function that types ``myx ...`` against the fake, in this process."""

    def run(*arguments: str, stdin: bytes = b"", **environ: str) -> Outcome:
        own = {"MYX_URL": api.url, "MYX_TOKEN": TOKEN, "HOME": str(tmp_path)}
        for name, value in (own | environ).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        code = main(arguments)
        sys.stderr.flush()
        return Outcome(code, *capfdbinary.readouterr())

    return run
