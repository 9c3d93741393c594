# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a route say what it asks for? With ``dependencies=[allow(READ_HOSTS)]``.

What is under the API's prefix is denied by default: a route that declares nothing answers 403 to
everybody. ``RequestPrincipal`` is who asks, ``RequestScope`` how far the route's permission
reaches for them; ``RequestServices`` (``api.dependencies``) sees nothing beyond it.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from api.auth.errors import PermissionDeniedError
from api.auth.permissions import Permission
from api.auth.principals import Principal
from api.auth.scopes import NOTHING, Scope
from api.core.errors import AuthenticationError

_described = HTTPBearer(
    auto_error=False,
    description="An API token ('myx token create'), or the admin token that the first start "
    "wrote to 'admin-token' in the data directory.",
)


class Requirement:
    """Lets only those pass who have a permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> None:
        """Check who asks, before the route does anything."""
        _get_principal(request).require(self.permission)


def allow(permission: Permission) -> Any:
    """Declare the permission of a route, among its ``dependencies``."""
    return Depends(Requirement(permission))


def find_permission(route: object) -> Permission | None:
    """Return the permission that a route declares, or None."""
    for dependency in route.dependencies if isinstance(route, APIRoute) else ():
        if isinstance(dependency.dependency, Requirement):
            return dependency.dependency.permission
    return None


async def get_principal(
    request: Request, _description: Annotated[object, Depends(_described)]
) -> Principal:
    """Return who asks; the dependency of the router that holds every protected route.

    Raises:
        AuthenticationError: nobody was recognised.
        PermissionDeniedError: the route forgot to declare its permission.
    """
    principal = _get_principal(request)
    if find_permission(request.scope.get("route")) is None:
        raise PermissionDeniedError("This route declares no permission, so nobody has it.")
    return principal


async def get_scope(request: Request) -> Scope:
    """Return how far the route's permission reaches for who asks."""
    permission = find_permission(request.scope.get("route"))
    return NOTHING if permission is None else _get_principal(request).scope_of(permission)


RequestPrincipal = Annotated[Principal, Depends(get_principal)]
RequestScope = Annotated[Scope, Depends(get_scope)]


def _get_principal(request: Request) -> Principal:
    principal = getattr(request.state, "principal", None)
    if not isinstance(principal, Principal):
        raise AuthenticationError
    return principal
