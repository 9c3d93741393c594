# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a request say by itself of the change that it asks for? For who says nothing more."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi.routing import APIRoute

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What these ask for changes nothing."""

_PREFIX_PARTS = 3
"""Of ``/api/v1/hosts/web1``: an empty one, ``api``, ``v1``."""


class Change(NamedTuple):
    """A change, in the words of the HTTP API."""

    action: str
    kind: str
    name: str


def describe_change(scope: Mapping[str, Any], location: str | None = None) -> Change:
    """Return what a request asks for; ``location`` is where the answer says that the result is."""
    route = scope.get("route")
    action = route.operation_id if isinstance(route, APIRoute) else None
    parts = (location or scope["path"]).split("/")[_PREFIX_PARTS:]
    kind, name = (*parts, "", "")[:2]
    return Change(action or scope["method"].lower(), kind, name)
