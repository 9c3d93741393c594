# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens around every request? An id, a log line, safe headers, size limits, no leaks."""

import re
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.core.errors import TooLargeError
from api.core.ids import new_id
from api.core.problem import Problem, answer_error, make_problem_response
from api.core.tracing.request_ids import HEADER, read_traceparent
from api.core.tracing.spans import is_tracing, span

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The largest JSON body; scripts and variables fit, content travels as a bundle."""

REQUEST_ID_HEADER = "X-Request-Id"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing but what this server itself delivers."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_log = structlog.stdlib.get_logger(__name__)


class RequestMiddleware:
    """Gives each request an id, logs how it ended, and answers a fault without its details."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI protocol."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started = _make_id(scope), time.perf_counter()
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(
            request_id=request_id, method=scope["method"], path=scope["path"]
        ):
            try:
                with span(scope["method"], "server", path=scope["path"]):
                    await self._app(scope, receive, answer.send)
            except ClientDisconnect:
                _log.info("request_abandoned")
            except Exception:
                _log.exception("request_failed")
                if answer.status:  # too late for another answer: the server cuts the connection
                    raise
                await _make_fault(request_id)(scope, receive, answer.send)
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            _log.debug("request_answered", status=answer.status, duration_ms=duration_ms)


def _make_id(scope: Scope) -> str:
    """Make an id for a request; where traces are made, it is that of the caller's trace."""
    given = read_traceparent(Headers(scope=scope).get(HEADER, "")) if is_tracing() else None
    return given or new_id()


class _Answer:
    """Sends an answer with the headers that all have, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID_HEADER] = self._request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _make_fault(request_id: str) -> ASGIApp:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return make_problem_response(
        Problem(
            title=status.phrase,
            status=status,
            detail="A fault of the control plane. Its log says more under this request_id.",
            code="internal_error",
            request_id=request_id,
        )
    )


class BodyLimitMiddleware:
    """Refuses bodies above ``MAX_BODY_BYTES``, or what ``limits`` says for a path.

    They are regular expressions for how it begins. None there stands for a route that streams and
    has limits of its own.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, int | None]) -> None:
        self._app = app
        self._limits = [(re.compile(pattern), limit) for pattern, limit in limits.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI protocol."""
        limit = self._find_limit(scope["path"]) if scope["type"] == "http" else None
        if limit is None:
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit:
            await answer_error(_too_large(limit))(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # FastAPI lets only this kind pass while it reads a body.
                raise HTTPException(TooLargeError.status, _too_large(limit).message)
            return message

        await self._app(scope, receive_counted, send)

    def _find_limit(self, path: str) -> int | None:
        found = [limit for pattern, limit in self._limits if pattern.match(path)]
        return found[0] if found else MAX_BODY_BYTES


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"The body is larger than {limit // 1024 // 1024} MiB. "
        "Send files as a content bundle: PUT /api/v1/bundles/{digest}."
    )
