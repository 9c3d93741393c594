# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.auth.tokens import load_admin_token
from api.core.errors import SettingsError
from api.core.settings import Settings
from api.main import API_PREFIX, create_app

PAGES = {"/", "/web/{name}", "/docs", "/docs/start.js", "/openapi.json"}
WITHOUT_TOKEN = {
    ("POST", "/api/v1/session"),  # a name and a password
    ("POST", "/api/v1/webhooks/{webhook_id}/deliveries"),  # a signature
}
PUBLIC = PAGES | {"/healthz", "/readyz"}
METRICS = "/metrics"
"""Needs a token as what is under the prefix does; its path is what Prometheus asks for."""


def _list_routes(app: FastAPI) -> list[tuple[str, str]]:
    operations = app.openapi()["paths"]
    return [(method.upper(), path) for path, item in operations.items() for method in item]


async def test_every_route_needs_a_token(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    """Without a token, every route under /api/v1 answers 401, before it looks at anything else."""
    routes = _list_routes(app)
    protected = [
        r for r in routes if r[1].startswith((API_PREFIX, METRICS)) and r not in WITHOUT_TOKEN
    ]
    assert len(protected) >= 10
    for method, path in protected:
        answer = await anonymous.request(
            method, path, content=b"{", headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 401, (method, path)
        assert answer.json()["code"] == "not_authenticated"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_nothing_else_is_hidden_behind_no_prefix(app: FastAPI) -> None:
    """A route is under /api/v1 or in the short list of public ones."""
    routes = {route.path for route in app.routes if isinstance(route, APIRoute)}
    routes |= {path for _, path in _list_routes(app)}
    assert {path for path in routes if not path.startswith(API_PREFIX)} <= PUBLIC | {METRICS}


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", "Bearer ", "Basic YWRtaW46YWRtaW4=", "wrong", "Bearer \u00e4".encode()],
)
async def test_a_wrong_token_is_refused(anonymous: httpx.AsyncClient, header: str | bytes) -> None:
    """A wrong token is answered like none, and the answer says where the right one is."""
    answer = await anonymous.get("/api/v1/hosts", headers={"Authorization": header})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert "data directory" in answer.json()["detail"]


async def test_the_first_start_writes_the_token(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """The token is long, random, readable by its owner only, and stays the same."""
    token = settings.admin_token_file.read_text().strip()
    assert token.startswith("myx_")
    assert len(token) >= 47
    assert settings.admin_token_file.stat().st_mode & 0o777 == 0o600
    assert settings.data_dir.stat().st_mode & 0o777 == 0o700
    create_app(settings)
    assert settings.admin_token_file.read_text().strip() == token
    assert (await client.get("/api/v1/hosts")).status_code == 200


@pytest.mark.parametrize("content", ["", "short", "x" * 40 + "\n" + "y" * 40, "\u00fc" * 40])
def test_a_useless_token_file_stops_the_start(tmp_path: Path, content: str) -> None:
    """A token that is empty, easy to guess or no token is refused with a remedy."""
    (tmp_path / "admin-token").write_text(content)
    with pytest.raises(SettingsError, match="Delete the file"):
        load_admin_token(tmp_path / "admin-token")
