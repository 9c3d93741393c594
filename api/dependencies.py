# SPDX-License-Identifier: GPL-3.0-or-later
"""What can a route ask for? The services on a unit of work of its own, or the composition.

A route that takes ``RequestServices`` runs in one transaction: it commits when the route has
returned and before the answer is sent, and rolls back when the route raises. GET and HEAD read
only. What others change is audited in the same transaction: by the service in its own words, or
else in those of the request. A route that streams takes ``RequestComposition`` and opens short
units of work itself, with the ``RequestScope`` of who asks.
"""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request, Response

from api.audit.origin import get_origin
from api.audit.requests import READING_METHODS, describe_change
from api.auth.requirements import RequestScope
from api.composition import Composition
from api.services import Services


def get_composition(request: Request) -> Composition:
    """Return the composition that the application was created with."""
    return cast("Composition", request.app.state.composition)


RequestComposition = Annotated[Composition, Depends(get_composition)]


async def open_services(
    request: Request, response: Response, composition: RequestComposition, scope: RequestScope
) -> AsyncIterator[Services]:
    """Open the request's unit of work, which sees what the route's permission reaches."""
    read_only = request.method in READING_METHODS
    async with composition.unit_of_work(read_only=read_only, scope=scope) as services:
        yield services
        if not read_only and not get_origin().told:
            change = describe_change(request.scope, response.headers.get("Location"))
            await services.audit.record(*change)


RequestServices = Annotated[Services, Depends(open_services, scope="function")]
