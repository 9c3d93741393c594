# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is the browser interface? At ``/``; what it loads under ``/web``, nothing from elsewhere.

The page is public and holds no data: it asks the API with the session of who signs in, or with the
token that its user types.
"""

import gzip
import secrets
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from api.core.middleware import CONTENT_SECURITY_POLICY

BUILT = Path(__file__).parent / "built"
"""What ``make web`` writes; not in git, and part of an installed package."""

NOT_BUILT = (
    "The browser interface has not been built. In a checkout: make web. "
    "Everything else is here: the API under /api/v1, its description at /docs, "
    "and the command line (myx --help).\n"
)

_NONCE_PLACE = "{style-nonce}"
_NONCE_BYTES = 16

_KEEP = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
"""The files carry a hash of their content in their names."""

_MAX_FILES = 32
"""Of a build and one before it; more are compressed again when they are asked for."""

_TYPES = {".js": "text/javascript", ".css": "text/css"}


def add_browser_interface(app: FastAPI, built: Path = BUILT) -> None:
    """Add the page and its files, which lie in ``built``."""
    app.include_router(make_router(built))


def make_router(built: Path) -> APIRouter:
    """Build the routes of the interface that lies in ``built``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def get_page() -> Response:
        """Return the page, or say how to get it."""
        try:
            page = (built / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return PlainTextResponse(NOT_BUILT, status_code=503, headers={"Retry-After": "60"})
        return _answer_page(page)

    @router.get("/web/{name}")
    def get_file(name: str, request: Request) -> Response:
        """Return a file that the page loads."""
        path = built / "web" / Path(name).name
        if path.suffix not in _TYPES or not path.is_file():
            return PlainTextResponse("There is no such file.\n", status_code=404)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(path.read_bytes(), media_type=_TYPES[path.suffix], headers=_KEEP)
        headers = {**_KEEP, "Content-Encoding": "gzip"}
        return Response(_compress(path), media_type=_TYPES[path.suffix], headers=headers)

    return router


@lru_cache(maxsize=_MAX_FILES)
def _compress(path: Path) -> bytes:
    """Return a file's bytes in a third of their number; once, since names stand for contents."""
    return gzip.compress(path.read_bytes())


def _answer_page(page: str) -> HTMLResponse:
    """Answer the page with a nonce of its own, which its style elements must show."""
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    policy = CONTENT_SECURITY_POLICY.replace(
        "style-src 'self'", f"style-src 'self' 'nonce-{nonce}'"
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": policy}
    return HTMLResponse(page.replace(_NONCE_PLACE, nonce), headers=headers)
