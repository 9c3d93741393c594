# SPDX-License-Identifier: GPL-3.0-or-later
"""What can a route ask for? The services on a unit of work of its own, or the composition.

A route that takes ``RequestServices`` runs in one transaction: it commits when the route has
returned and before the answer is sent, and rolls back when the route raises. GET and HEAD read
only. A route that streams takes ``RequestComposition`` and opens short units of work itself.
"""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request

from api.composition import Composition, Services

_READING_METHODS = frozenset({"GET", "HEAD"})


def get_composition(request: Request) -> Composition:
    """Return the composition that the application was created with."""
    return cast("Composition", request.app.state.composition)


RequestComposition = Annotated[Composition, Depends(get_composition)]


async def open_services(
    request: Request, composition: RequestComposition
) -> AsyncIterator[Services]:
    """Open the request's unit of work."""
    read_only = request.method in _READING_METHODS
    async with composition.unit_of_work(read_only=read_only) as services:
        yield services


RequestServices = Annotated[Services, Depends(open_services, scope="function")]
