# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a browser carry its session? In a cookie that no script reads and no other site sends.

``SameSite=Strict`` keeps it out of what other sites cause. Changes need a second proof besides: the
session's CSRF token in a header, which only a page of this origin can read and send.
"""

import hashlib
import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

CSRF_HEADER = "X-CSRF-Token"

_NAME = "myx-session"
_SECURE_NAME = f"__Host-{_NAME}"
"""Browsers take a cookie of this name over TLS only, and from no other host or path."""


def set_session_cookie(
    response: Response, connection: HTTPConnection, token: str, lifetime_s: float
) -> None:
    """Give the browser its session."""
    is_secure = _is_secure(connection)
    response.set_cookie(
        _SECURE_NAME if is_secure else _NAME,
        token,
        max_age=int(lifetime_s),
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )


def drop_session_cookie(response: Response, connection: HTTPConnection) -> None:
    """Let the browser forget its session."""
    is_secure = _is_secure(connection)
    response.delete_cookie(
        _SECURE_NAME if is_secure else _NAME,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )


def find_session_token(connection: HTTPConnection) -> str | None:
    """Return what the browser's cookie holds, or None."""
    return connection.cookies.get(_SECURE_NAME if _is_secure(connection) else _NAME)


def make_csrf_token(session_token: str) -> str:
    """Return the CSRF token of a session: nobody can make it who does not hold the cookie."""
    return hmac.digest(session_token.encode(), b"myx csrf", "sha256").hex()


def has_csrf_token(connection: HTTPConnection, session_token: str) -> bool:
    """Say whether the request brings the CSRF token of its session."""
    given = hashlib.sha256(connection.headers.get(CSRF_HEADER, "").encode()).digest()
    wanted = hashlib.sha256(make_csrf_token(session_token).encode()).digest()
    return hmac.compare_digest(given, wanted)


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme == "https"
