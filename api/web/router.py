# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is the browser page? At ``/``; its script and style beside it, with nothing inline.

The page is public and holds no data: it asks the API with the session of who signs in, or with the
token that its user types.
"""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

_STATIC = Path(__file__).parent / "static"

_ALWAYS_ASK = {"Cache-Control": "no-cache"}
"""The files are answered with an ETag: asking is cheap, and an upgrade shows at once."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def get_page() -> FileResponse:
    """Return the page."""
    return _serve("index.html", "text/html")


@router.get("/web/app.js")
async def get_script() -> FileResponse:
    """Return the page's script."""
    return _serve("app.js", "text/javascript")


@router.get("/web/app.css")
async def get_style() -> FileResponse:
    """Return the page's style."""
    return _serve("app.css", "text/css")


def _serve(name: str, media_type: str) -> FileResponse:
    return FileResponse(_STATIC / name, media_type=media_type, headers=_ALWAYS_ASK)
