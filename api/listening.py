# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does the control plane listen, and what is said when it cannot start?"""

import gc
import socket
import ssl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.core.errors import MyxError, SettingsError
from api.core.settings import Settings

_BACKLOG = 2048


class PortTakenError(SettingsError):
    """The address cannot be listened on."""

    code = "listen_failed"


def open_socket(settings: Settings) -> socket.socket:
    """Listen where the settings say.

    Raises:
        PortTakenError: that is not possible; says why.
    """
    host, port = settings.listen_host, settings.listen_port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise PortTakenError(
            f"MYX_LISTEN={settings.listen} cannot be listened on: {error.strerror}. "
            "Stop the program that has the port, or choose another one."
        ) from error
    return listener


def describe_address(listener: socket.socket) -> str:
    """Return ``ADDRESS:PORT`` as it is, also where the system chose the port."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_certificate(settings: Settings) -> None:
    """Refuse a certificate or key that cannot be served.

    Raises:
        SettingsError: says what is wrong with them.
    """
    if settings.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"MYX_TLS_CERT={settings.tls_cert} and MYX_TLS_KEY={settings.tls_key} cannot be "
            f"used: {error.strerror or error}. They must be PEM files that belong together."
        ) from error


class StartReporter:
    """Keeps the reason why a start failed for the caller, who tells it without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.start_error: MyxError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI protocol."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failures: list[Message] = []

        async def send_but_failures(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failures.append(message)
                return
            if message["type"] == "lifespan.startup.complete":
                # What is loaded by now stays, so the collector need not look at it again: a
                # page of 500 hosts takes 60 ms instead of 100.
                gc.collect()
                gc.freeze()
            await send(message)

        try:
            await self._app(scope, receive, send_but_failures)
        except MyxError as error:
            self.start_error = error
            await send({"type": "lifespan.startup.failed"})
        except Exception:
            for message in failures:
                await send(message)
            raise
