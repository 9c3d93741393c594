# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a delivery sent? One POST over verified TLS, without redirects; owns aiohttp for it.

The address is looked at where the socket for it is made, behind every name and every answer of the
DNS: what was checked is what is connected to. Of the answer only the status counts; its body is not
read, so that nobody learns through it what some machine says.
"""

import socket
import ssl
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from agent_runner import __version__
from api.core.clock import Clock
from api.core.errors import SettingsError
from api.notifications.addresses import Network, may_connect
from api.notifications.deliveries import Parcel, Result
from api.triggers.signatures import sign

TOTAL_TIMEOUT_S = 15.0
"""For one attempt, from the name to the status."""

CONNECT_TIMEOUT_S = 5.0

MAX_LINE_BYTES = 8190
"""Of the status line and of each header of an answer."""

_PASSING = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 after which another attempt may succeed."""


class Sender:
    """Sends deliveries; one for the whole process."""

    def __init__(
        self,
        clock: Clock,
        allowed: Sequence[Network] = (),
        ca_file: Path | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """Take the networks that are allowed, and certificates of authorities to trust besides.

        Raises:
            SettingsError: the file of certificates cannot be read.
        """
        self._clock = clock
        self._allowed = allowed
        self._resolver = resolver
        self._tls = _make_tls(ca_file)

    async def send(self, parcel: Parcel) -> Result:
        """Try once, and say what came of it; never raises for what the receiver does."""
        gate = _Gate(self._allowed)
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            socket_factory=gate.open_socket,
            resolver=self._resolver,
            use_dns_cache=False,
            force_close=True,
        )
        try:
            async with aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=TOTAL_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S
                ),
                auto_decompress=False,
                max_line_size=MAX_LINE_BYTES,
                max_field_size=MAX_LINE_BYTES,
            ) as session:
                return await self._post(session, parcel)
        except TimeoutError:
            return Result("passing", f"No answer within {TOTAL_TIMEOUT_S:g} s.")
        except aiohttp.InvalidURL:
            return Result("final", "No host can have the name that stands in the URL.")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return gate.explain() or Result("passing", _explain(error))

    async def _post(self, session: aiohttp.ClientSession, parcel: Parcel) -> Result:
        async with session.post(
            URL(parcel.url, encoded=True),
            data=parcel.body,
            headers=self._build_headers(parcel),
            allow_redirects=False,
        ) as response:
            return _judge(response)

    def _build_headers(self, parcel: Parcel) -> dict[str, str]:
        at = int(self._clock.now().timestamp())
        signatures = (sign(key, at, parcel.delivery_key, parcel.body) for key in parcel.secrets)
        return {
            "User-Agent": f"MyX/{__version__}",
            **parcel.headers,
            "Content-Type": "application/json",
            "X-MyX-Event": parcel.event,
            "X-MyX-Delivery": parcel.delivery_key,
            "X-MyX-Timestamp": str(at),
            "X-MyX-Signature": ", ".join(signatures),
        }


class _Gate:
    """Makes the sockets of one attempt, and remembers which addresses were refused."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._refused: list[str] = []
        self._has_opened = False

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Make the socket for an address as ``getaddrinfo`` returns it; it is not connected yet."""
        family, kind, protocol, _, place = address
        if not may_connect(place[0], self._allowed):
            self._refused.append(place[0])
            raise PermissionError(f"{place[0]} is no address of the internet")
        self._has_opened = True
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    def explain(self) -> Result | None:
        """Say that nothing was let through; None where something was."""
        if self._has_opened or not self._refused:
            return None
        refused = ", ".join(dict.fromkeys(self._refused))
        return Result(
            "final",
            f"The name stands for {refused}, which is no address of the internet; whoever runs the "
            "control plane may allow its network with MYX_NOTIFICATION_NETWORKS.",
        )


def _judge(response: aiohttp.ClientResponse) -> Result:
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Result("delivered", None, status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Result("final", f"Answered {status}; redirects are not followed.", status)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        retry_after_s = _read_retry_after(response.headers.get("Retry-After", ""))
        return Result("passing", f"Answered {status}.", status, retry_after_s)
    return Result("final", f"Answered {status}.", status)


def _read_retry_after(text: str) -> float:
    is_number = text.isascii() and text.isdecimal()
    return float(text[:6]) if is_number else 0.0


def _explain(error: Exception) -> str:
    """Say what is wrong with a connection, without the URL."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"Its certificate is not trusted: {error.certificate_error}."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"Its name is not found: {error.os_error.strerror or error.os_error}."
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"No connection: {error.os_error.strerror or error.os_error}."
    return f"The connection failed: {type(error).__name__}."


def _make_tls(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"MYX_NOTIFICATION_CA_FILE={ca_file} does not hold PEM certificates that can be "
                f"read: {error}."
            ) from error
    return context
