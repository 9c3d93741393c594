# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the control plane put together and served? The application, then the server."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvicorn
from fastapi import APIRouter, Depends, FastAPI

from agent_runner import __version__
from api import health
from api.audit.router import router as audit_router
from api.auth.bearer import AuthenticationMiddleware
from api.auth.errors import CsrfError, PermissionDeniedError
from api.auth.requirements import get_principal
from api.bundles.router import router as bundles_router
from api.composition import Composition
from api.connections.router import router as connections_router
from api.core.errors import AuthenticationError, InvalidInputError, TooManyRequestsError
from api.core.log_setup import configure_logging
from api.core.middleware import BodyLimitMiddleware, RequestMiddleware
from api.core.problem import describe_errors, install_problem_handlers
from api.core.settings import Settings
from api.core.storable import require_storable_values
from api.executions.router import router as executions_router
from api.groups.router import router as groups_router
from api.hosts.loads.router import router as host_loads_router
from api.hosts.router import router as hosts_router
from api.inventory.router import router as inventory_router
from api.inventory.schemas import MAX_IMPORT_BYTES
from api.keys.router import router as keys_router
from api.listening import StartReporter, check_certificate, describe_address, open_socket
from api.metrics.router import METRICS_PATH
from api.metrics.router import router as metrics_router
from api.notifications.feed.router import router as feed_router
from api.notifications.router import router as notifications_router
from api.openapi import description
from api.openapi.page import add_description_page
from api.overview.router import router as overview_router
from api.runs.reporting.router import router as reporting_router
from api.runs.router import router as runs_router
from api.schedules.router import router as schedules_router
from api.sessions.router import SIGN_IN_PATH
from api.sessions.router import public_router as sign_in_router
from api.sessions.router import router as sessions_router
from api.templates.router import router as templates_router
from api.tokens.router import router as tokens_router
from api.users.router import router as users_router
from api.web.router import add_browser_interface
from api.webhooks.router import DELIVERIES_PATH
from api.webhooks.router import public_router as deliveries_router
from api.webhooks.router import router as webhooks_router

_log = structlog.stdlib.get_logger(__name__)

API_PREFIX = "/api/v1"

SHUTDOWN_S = 5
"""How long answers that are under way, such as streams, may go on after the signal to stop."""


def serve(settings: Settings) -> None:
    """Serve the API until SIGINT or SIGTERM; blocks.

    Raises:
        SettingsError: it cannot start as it is set; says why.
        MyxError: it cannot start for another reason.
    """
    os.umask(0o077)
    configure_logging(settings.log_level, settings.log_format)
    check_certificate(settings)
    with open_socket(settings) as listener:
        _log.info(
            "listening", address=describe_address(listener), tls=settings.tls_cert is not None
        )
        application = create_app(settings)
        app = StartReporter(application)
        config = uvicorn.Config(
            app,
            loop="api.event_loop:EventLoop",
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        try:
            _Server(config, application.state.composition).run(sockets=[listener])
        except KeyboardInterrupt:
            return  # how uvicorn passes a SIGINT on, after everything has been closed
        except SystemExit:
            if app.start_error is None:
                raise
            raise app.start_error from None


class _Server(uvicorn.Server):
    """Ends the streams when it is asked to stop: it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, composition: Composition) -> None:
        super().__init__(config)
        self._composition = composition

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wake all who wait for changes, then shut down."""
        self._composition.changes.close()
        await super().shutdown(sockets)


def create_app(settings: Settings, composition: Composition | None = None) -> FastAPI:
    """Build the application; its lifespan opens and closes the composition.

    Tests pass a composition of other parts.

    Raises:
        SettingsError: the data directory cannot be used.
    """
    composition = composition or Composition(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            await composition.open()
            yield
        finally:
            await composition.close()

    app = FastAPI(
        title="MyX",
        version=__version__,
        summary=description.SUMMARY,
        description=description.DESCRIPTION,
        openapi_tags=description.TAGS,
        license_info=description.LICENSE,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(require_storable_values)],
    )
    app.state.composition = composition
    _add_edges(app, composition)
    app.include_router(health.router)
    add_browser_interface(app)
    app.include_router(sign_in_router, prefix=API_PREFIX)
    app.include_router(deliveries_router, prefix=API_PREFIX)
    app.include_router(_make_api_router())
    app.include_router(metrics_router)
    description.describe_problems(app)
    add_description_page(app)
    return app


def _add_edges(app: FastAPI, composition: Composition) -> None:
    """Put around all routes what holds for each; the last one added is the first one asked."""
    limits = {
        f"{API_PREFIX}/bundles/": None,
        f"{API_PREFIX}/hosts/[^/]+/connection/file$": None,
        f"{API_PREFIX}/inventory/": MAX_IMPORT_BYTES,
    }
    app.add_middleware(BodyLimitMiddleware, limits=limits)
    app.add_middleware(
        AuthenticationMiddleware,
        prefix=(API_PREFIX, METRICS_PATH),
        recognise=composition.access.authenticator.authenticate,
        tell_change=composition.access.tell_change,
        public=[("POST", f"{API_PREFIX}{path}") for path in (SIGN_IN_PATH, DELIVERIES_PATH)],
    )
    app.add_middleware(RequestMiddleware)
    install_problem_handlers(app)


def _make_api_router() -> APIRouter:
    """Gather the nouns' routers; each new noun is one more line here."""
    # What is under the prefix is denied without a token and a permission, whatever a noun forgets.
    protected = APIRouter(
        prefix=API_PREFIX,
        dependencies=[Depends(get_principal)],
        responses=describe_errors(
            AuthenticationError,
            PermissionDeniedError,
            CsrfError,
            TooManyRequestsError,
            InvalidInputError,
        ),
    )
    protected.include_router(overview_router)
    protected.include_router(runs_router)
    protected.include_router(reporting_router)
    protected.include_router(feed_router)
    protected.include_router(executions_router)
    protected.include_router(hosts_router)
    protected.include_router(host_loads_router)
    protected.include_router(connections_router)
    protected.include_router(groups_router)
    protected.include_router(inventory_router)
    protected.include_router(bundles_router)
    protected.include_router(templates_router)
    protected.include_router(schedules_router)
    protected.include_router(webhooks_router)
    protected.include_router(notifications_router)
    protected.include_router(sessions_router)
    protected.include_router(users_router)
    protected.include_router(tokens_router)
    protected.include_router(audit_router)
    protected.include_router(keys_router)
    return protected
