# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the HTTP API called? JSON in and out, problems as errors, retries where they are safe."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from api.cli.errors import ApiError, ConnectionLostError, NoServerError, describe_problem
from api.cli.remote.server import Server, find_server
from api.cli.remote.sse import EventParser, ServerEvent
from api.cli.remote.transport import Body, Response, Transport

API_PREFIX = "/api/v1"

REQUEST_TIMEOUT_S = 75.0
"""Above the longest wait that a read may ask for (55 s)."""

STREAM_TIMEOUT_S = 45.0
"""A stream says something every 15 s; after three silent times it is dead."""

UPLOAD_TIMEOUT_S = 300.0
"""A bundle is verified and stored before it is answered."""

RETRY_DELAYS_S = (1.0, 2.0, 4.0)
"""Waits before the same request is sent again after a connection broke off."""

PAGE_SIZE = 500
"""The most rows that the API puts on a page."""

_UNAUTHORIZED = 401

Json = dict[str, Any]


class ApiClient:
    """The API of one control plane."""

    def __init__(self, server: Server, sleep: Callable[[float], None] = time.sleep) -> None:
        self.server = server
        self.sleep = sleep
        self._transport = Transport(server)

    def get(self, path: str, **query: Any) -> Any:
        """Read something; asks again where the connection breaks off."""
        return self._retry(lambda: self._call("GET", path, query=query))

    def list_all(self, path: str, page_size: int = PAGE_SIZE, **query: Any) -> Iterator[Json]:
        """Yield the rows of all pages of a list."""
        page = 1
        while True:
            answer = self.get(path, **query, page=page, page_size=page_size)
            yield from answer["results"]
            if not answer["next"]:
                return
            page += 1

    def post(
        self,
        path: str,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> Any:
        """Ask for something to be done, once: a broken connection is an error."""
        return self._call("POST", path, body=body, headers=headers, timeout_s=timeout_s)

    def put(self, path: str, body: Json) -> Any:
        """Replace something, once: a broken connection is an error."""
        return self._call("PUT", path, body=body)

    @contextmanager
    def signed_in(self, name: str, password: str) -> Iterator[dict[str, str]]:
        """Sign in while the block lasts; lends the headers that show it."""
        data = json.dumps({"name": name, "password": password}).encode()
        json_type = {"Content-Type": "application/json"}
        response = self._send("POST", "/session", data, json_type)
        cookie = response.header("Set-Cookie").partition(";")[0]
        session = _decode(response, self.server)
        headers = {"Cookie": cookie, "X-CSRF-Token": session["csrf_token"]}
        try:
            yield headers
        finally:
            self._call("DELETE", "/session", headers=headers)

    def create_run(self, body: Json, path: str = "/runs") -> Json:
        """Create a run; one key for all attempts, so that it is created once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        run: Json = self._retry(lambda: self._call("POST", path, body=body, headers=headers))
        return run

    def patch(self, path: str, body: Json) -> Any:
        """Change something, once: a broken connection is an error."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str, **query: Any) -> None:
        """Remove something."""
        self._call("DELETE", path, query=query)

    def put_file(self, path: str, file: Path, media_type: str) -> Any:
        """Store a file under a name that says what is in it; again where it breaks off."""
        headers = {"Content-Type": media_type, "Content-Length": str(file.stat().st_size)}

        def attempt() -> Any:
            with file.open("rb") as content:
                response = self._send("PUT", path, content, headers, timeout_s=UPLOAD_TIMEOUT_S)
            return _decode(response, self.server)

        return self._retry(attempt)

    def put_bytes(self, path: str, data: Body, size: int, query: Json) -> Any:
        """Send bytes, or what an open file has left, once: a broken connection is an error."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        target = _with_query(path, query)
        response = self._send("PUT", target, data, headers, timeout_s=UPLOAD_TIMEOUT_S)
        return _decode(response, self.server)

    def post_lines(self, path: str, body: Json, timeout_s: float) -> Iterator[bytes]:
        """Ask for something, once, and yield the lines of the answer as they come."""
        headers = {"Content-Type": "application/json"}
        response = self._send("POST", path, json.dumps(body).encode(), headers, timeout_s)
        rest = b""
        for data in response.iterate():
            *lines, rest = (rest + data).split(b"\n")
            yield from lines

    def stream(self, path: str, **query: Any) -> Iterator[ServerEvent]:
        """Yield server-sent events until the control plane closes the stream."""
        parser = EventParser()
        target = _with_query(path, query)
        headers = {"Accept": "text/event-stream"}
        response = self._send("GET", target, None, headers, timeout_s=STREAM_TIMEOUT_S)
        for data in response.iterate():
            yield from parser.feed(data)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Json | None = None,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> Any:
        sent = dict(headers or {})
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        target = _with_query(path, query or {})
        return _decode(self._send(method, target, data, sent, timeout_s), self.server)

    def _send(
        self,
        method: str,
        path: str,
        data: Body,
        headers: dict[str, str],
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> Response:
        response = self._transport.send(
            method, API_PREFIX + path, timeout_s=timeout_s, body=data, headers=headers
        )
        if response.status >= 300:  # noqa: PLR2004 - the API never redirects
            raise _make_error(response, self.server)
        return response

    def _retry(self, attempt: Callable[[], Any]) -> Any:
        """Repeat what is safe to repeat when the connection broke after it was made once."""
        try:
            return attempt()
        except ConnectionLostError:
            pass
        for delay_s in RETRY_DELAYS_S[:-1]:
            self.sleep(delay_s)
            try:
                return attempt()
            except (ConnectionLostError, NoServerError):
                continue
        self.sleep(RETRY_DELAYS_S[-1])
        return attempt()


def open_client() -> ApiClient:
    """Return a client of the control plane that the environment names."""
    return ApiClient(find_server())


def quote_name(name: str | int) -> str:
    """Make a name fit for one segment of a path."""
    return quote(str(name), safe="")


def _with_query(path: str, query: Json) -> str:
    given = [
        (name, _plain(each))
        for name, value in query.items()
        if value is not None
        for each in (value if isinstance(value, list | tuple) else [value])
    ]
    return f"{path}?{urlencode(given)}" if given else path


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decode(response: Response, server: Server) -> Any:
    data = response.read()
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        raise _not_ours(response, server) from error


def _make_error(response: Response, server: Server) -> ApiError:
    try:
        problem = json.loads(response.read())
    except ValueError:
        return _not_ours(response, server)
    if not isinstance(problem, dict) or not isinstance(problem.get("status"), int):
        return _not_ours(response, server)
    message = describe_problem(problem)
    if response.status == _UNAUTHORIZED:
        message = f"{message}\nThe token that was sent is from {server.token_source}."
    return ApiError(
        message,
        status=response.status,
        code=str(problem.get("code", "")),
        retryable=bool(problem.get("retryable")),
    )


def _not_ours(response: Response, server: Server) -> ApiError:
    kind = response.header("Content-Type").partition(";")[0] or "no content type"
    return ApiError(
        f"{server.url} does not answer like a control plane of MyX (HTTP {response.status}, "
        f"{kind}).\nCheck MYX_URL, MYX_LISTEN and what else uses that port.",
        status=response.status,
    )
