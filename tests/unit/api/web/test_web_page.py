# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser interface is served as it was built: strictly, or with words where it was not."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import api.web
from api.web.router import add_browser_interface

SOURCES = Path(api.web.__file__).parent

PAGE = """<!DOCTYPE html><meta name="style-nonce" content="{style-nonce}">
<script type="module" src="./web/index-abc.js"></script>"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Return a folder as a build leaves it."""
    (tmp_path / "web").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "web" / "index-abc.js").write_text("// script")
    (tmp_path / "web" / "index-abc.css").write_text("/* style */")
    (tmp_path / "web" / "secret.txt").write_text("not for browsers")
    return tmp_path


def _connect(built: Path) -> httpx.AsyncClient:
    app = FastAPI()
    add_browser_interface(app, built)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_each_page_has_a_nonce_of_its_own(built: Path) -> None:
    """The style elements that the page makes are allowed by a nonce that nobody can know before."""
    nonces = set()
    async with _connect(built) as client:
        for _ in range(3):
            answer = await client.get("/")
            nonce = re.search(r'content="([\w-]{20,})"', answer.text)
            assert nonce is not None
            policy = answer.headers["content-security-policy"]
            assert f"style-src 'self' 'nonce-{nonce[1]}';" in policy
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            nonces.add(nonce[1])
    assert len(nonces) == 3


@pytest.mark.parametrize(
    ("name", "kind"), [("index-abc.js", "text/javascript"), ("index-abc.css", "text/css")]
)
async def test_the_files_are_kept_by_browsers(built: Path, name: str, kind: str) -> None:
    """What has a hash in its name never changes, so nobody asks for it twice."""
    async with _connect(built) as client:
        answer = await client.get(f"/web/{name}")
        plain = await client.get(f"/web/{name}", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert answer.content == plain.content == (built / "web" / name).read_bytes()
    assert answer.headers["content-type"].startswith(kind)
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["none.js", "secret.txt", "%2e%2e%2findex.html", "..%2f..%2frouter.py"]
)
async def test_nothing_else_is_served(built: Path, name: str) -> None:
    """Only scripts and styles of the build, whatever the path says."""
    async with _connect(built) as client:
        assert (await client.get(f"/web/{name}")).status_code == 404


async def test_without_a_build_it_says_how_to_get_one(tmp_path: Path) -> None:
    """A control plane without the built files serves everything else and says what is missing."""
    async with _connect(tmp_path) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert "/docs" in answer.text


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """No other server, no inline script, style or handler."""
    page = (SOURCES / "index.html").read_text()
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["data:,", "./src/main.tsx"]
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", page)


@pytest.fixture
def sources() -> list[Path]:
    """Return the interface's own sources."""
    files = [path for path in (SOURCES / "src").rglob("*.ts*") if path.name != "schema.d.ts"]
    assert len(files) > 30
    return files


def test_data_never_becomes_markup(sources: list[Path]) -> None:
    """The sources know no way to turn text into markup or code."""
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")
    for path in sources:
        text = path.read_text()
        assert not [way for way in ways if way in text], path.name


def test_the_sources_keep_the_sizes_of_the_house(sources: list[Path]) -> None:
    """Each says its licence and its question, and is short enough to be read at once."""
    for path in sources:
        lines = path.read_text().splitlines()
        assert lines[0] == "// SPDX-License-Identifier: GPL-3.0-or-later", path
        assert len(lines) <= 300, f"split {path} by noun"
