# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the control plane start? Settings, composition, application, server, in that order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import APIRouter, Depends, FastAPI

from agent_runner import __version__
from api import health
from api.auth.bearer import authenticate
from api.bundles.router import router as bundles_router
from api.composition import Composition
from api.core.log_setup import configure_logging
from api.core.middleware import BodyLimitMiddleware, RequestMiddleware
from api.core.problem import install_problem_handlers
from api.core.settings import Settings
from api.hosts.router import router as hosts_router

API_PREFIX = "/api/v1"


def create_app(settings: Settings) -> FastAPI:
    """Build the application; its lifespan opens and closes the composition."""
    composition = Composition(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await composition.open()
        try:
            yield
        finally:
            await composition.close()

    app = FastAPI(
        title="MyX", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.composition = composition
    app.add_middleware(BodyLimitMiddleware, streaming_prefixes=(f"{API_PREFIX}/bundles/",))
    app.add_middleware(RequestMiddleware)
    install_problem_handlers(app)
    app.include_router(health.router)
    app.include_router(_make_api_router())
    return app


def _make_api_router() -> APIRouter:
    """Gather the nouns' routers; each new noun is one more line here."""
    # What is under the prefix is denied without a token, whatever a noun forgets.
    protected = APIRouter(prefix=API_PREFIX, dependencies=[Depends(authenticate)])
    protected.include_router(hosts_router)
    protected.include_router(bundles_router)
    return protected


def serve(settings: Settings) -> None:
    """Serve the API until a signal asks to stop; blocks."""
    configure_logging(settings.log_level, settings.log_format)
    uvicorn.run(
        create_app(settings),
        host=settings.listen_host,
        port=settings.listen_port,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        log_config=None,
        access_log=False,
        server_header=False,
    )
