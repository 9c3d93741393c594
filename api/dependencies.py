# SPDX-License-Identifier: GPL-3.0-or-later
"""What can a route ask for? The services on a unit of work of its own, or the composition.

A route that takes ``RequestServices`` runs in one transaction: it commits when the route has
returned and before the answer is sent, and rolls back when the route raises. GET and HEAD read
only. What others change is audited in the same transaction: by the service in its own words, or
else in those of the request. A route that streams takes ``RequestComposition`` and opens short
units of work itself, with the ``RequestScope`` of who asks.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.audit.origin import get_origin
from api.audit.requests import READING_METHODS, describe_change
from api.auth.requirements import RequestScope
from api.composition import Composition
from api.services import Services


async def get_composition(request: Request) -> Composition:
    """Return the composition that the application was created with.

    A coroutine, since FastAPI sends a plain function to a thread, and each request would wait.
    """
    return cast("Composition", request.app.state.composition)


RequestComposition = Annotated[Composition, Depends(get_composition)]


async def _heed_departure(request: Request) -> AsyncIterator[None]:
    """Cancel the route when the one who asked has gone; costs a task that sleeps.

    Raises:
        ClientDisconnect: there is nobody to answer.
    """
    staying = asyncio.timeout(None)
    try:
        async with staying:
            watching = asyncio.create_task(_watch(request, staying))
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError:
        if not staying.expired():
            raise
        raise ClientDisconnect from None


async def _watch(request: Request, staying: asyncio.Timeout) -> None:
    try:
        while (await request.receive())["type"] != "http.disconnect":
            pass
    except HTTPException:  # of a body that is too large, and that nobody reads
        return
    staying.reschedule(asyncio.get_running_loop().time())


def while_asked() -> Any:
    """Declare, among the ``dependencies`` of a route that waits, that it ends with its caller."""
    return Depends(_heed_departure, scope="function")


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
