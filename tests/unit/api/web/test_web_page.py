# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser page: nothing inline, nothing from elsewhere, no markup made of data."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import api.web
from api.web.router import router

STATIC = Path(api.web.__file__).parent / "static"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/web/app.js", "text/javascript"), ("/web/app.css", "text/css")],
)
async def test_the_files_are_served(path: str, kind: str) -> None:
    """Each with its type, and asked for again after an upgrade."""
    app = FastAPI()
    app.include_router(router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-cache"


def test_everything_it_loads_is_here() -> None:
    """The page names its own script and style by relative paths, and no other server."""
    page = (STATIC / "index.html").read_text()
    assert re.findall(r'(?:src|href)="([^"#]+)"', page) == [
        "data:,",
        "web/app.css",
        "web/app.js",
        "docs",
    ]
    for file in STATIC.iterdir():
        assert not re.search(r"https?://|//cdn", file.read_text()), file.name


def test_nothing_is_inline() -> None:
    """A strict content security policy is enough: no inline script, style or handler."""
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", page)


def test_data_never_becomes_markup() -> None:
    """The script knows no way to turn text into markup or code."""
    script = (STATIC / "app.js").read_text()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert way not in script
    assert "localStorage" not in script
