# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route of the application, walked: without a token, with too small a role, undeclared."""

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from known_principals import KnownPrincipals
from starlette.routing import compile_path

from api.audit.requests import Change
from api.auth.bearer import AuthenticationMiddleware
from api.auth.permissions import Permission, Role
from api.auth.principals import Grant, Principal
from api.auth.requirements import find_permission, get_principal
from api.auth.scopes import Reach
from api.composition import Composition
from api.core.problem import install_problem_handlers
from api.main import API_PREFIX
from api.sessions.router import SIGN_IN_PATH
from api.webhooks.router import DELIVERIES_PATH

PUBLIC = {("POST", f"{API_PREFIX}{path}") for path in (SIGN_IN_PATH, DELIVERIES_PATH)}
"""The only routes under the prefix that need no token: who is there is proven otherwise."""

Route = tuple[str, str, Permission]

NO_ROLE = Principal("nobody", ())
LIMITED = Principal("limited", (Grant("admin", Reach(groups=frozenset({"web"}))),))
BELOW: dict[Role, Principal] = {
    "viewer": NO_ROLE,
    "operator": Principal("viewer", (Grant("viewer"),)),
    "admin": Principal("operator", (Grant("operator"),)),
}
"""Who has a role too little."""

HOLDERS: dict[Role, Principal] = {
    "viewer": BELOW["operator"],
    "operator": BELOW["admin"],
    "admin": Principal("boss", (Grant("admin"),)),
}


@pytest.fixture
def parts(parts: Composition) -> Composition:
    """Return a control plane to which the token is a principal's name."""
    known = KnownPrincipals(LIMITED, *BELOW.values(), HOLDERS["admin"])
    parts.access.authenticator = known  # type: ignore[assignment]
    return parts


def list_routes(app: FastAPI) -> list[Route]:
    """List every route under the prefix with its permission; all must have one."""
    found: list[Route] = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        path = getattr(context, "path", "")
        if not path.startswith(API_PREFIX):
            continue
        assert isinstance(route, APIRoute), f"{path} is no route that can declare a permission"
        permission = find_permission(route)
        if permission is None and (*route.methods, path) in PUBLIC:
            continue
        assert permission is not None, f"{path} declares no permission"
        _, described, _ = compile_path(path)  # a parameter without what it may hold
        found += [(method, described, permission) for method in sorted(route.methods)]
    return found


async def keep_quiet(_change: Change, _result: str) -> None:
    """Audit nothing."""


async def ask(client: httpx.AsyncClient, method: str, path: str, token: str | None) -> int:
    """Send a request that fits no schema, and return the status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await client.request(method, path, json={}, headers=headers)
    if answer.status_code in {401, 403}:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


def test_every_route_declares_a_permission(app: FastAPI) -> None:
    """What the description names and what is served are the same, and all of it is declared."""
    served = {(method, path) for method, path, _ in list_routes(app)}
    described = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if path.startswith(API_PREFIX)
    }
    assert served | PUBLIC == described
    assert len(served) >= 19


async def test_every_route_is_denied_without_a_token(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    """Nobody gets past the door without a token, nor with a wrong one."""
    for method, path, _ in list_routes(app):
        assert await ask(anonymous, method, path, None) == 401, (method, path)
        assert await ask(anonymous, method, path, "unknown") == 401, (method, path)


async def test_every_route_is_denied_to_a_smaller_role(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    """A role below the declared one is refused before anything is looked at."""
    for method, path, permission in list_routes(app):
        too_small = BELOW[permission.role].name
        assert await ask(anonymous, method, path, too_small) == 403, (method, path)
        if permission.everywhere:
            assert await ask(anonymous, method, path, "limited") == 403, (method, path)


async def test_every_route_is_open_to_its_role(
    app: FastAPI, parts: Composition, anonymous: httpx.AsyncClient
) -> None:
    """The declared role is let in: what answers is the route, which finds nothing that fits."""
    parts.changes.close()  # or the stream of what happens would not end
    for method, path, permission in list_routes(app):
        status = await ask(anonymous, method, path, HOLDERS[permission.role].name)
        assert status not in {401, 403, 405}, (method, path, status)


async def test_a_route_that_declares_nothing_is_denied_to_everybody() -> None:
    """A noun that forgets its permission has a route that nobody can use."""
    protected = APIRouter(prefix=API_PREFIX, dependencies=[Depends(get_principal)])
    reached: list[str] = []

    @protected.get("/forgotten")
    async def forgotten() -> None:
        reached.append("it")

    app = FastAPI()
    app.include_router(protected)
    known = KnownPrincipals(HOLDERS["admin"])
    app.add_middleware(
        AuthenticationMiddleware,
        prefix=API_PREFIX,
        recognise=known.authenticate,
        tell_change=keep_quiet,
    )
    install_problem_handlers(app)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://myx"
    ) as client:
        assert await ask(client, "GET", f"{API_PREFIX}/forgotten", "boss") == 403
    assert not reached
