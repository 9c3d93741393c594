# SPDX-License-Identifier: GPL-3.0-or-later
"""How do bytes go to the control plane and back? The only module here that knows HTTP and TLS.

The standard library's client is used on purpose: importing httpx would double the time that
every ``myx`` command takes to start. Each request has a connection of its own, so that a
control plane that restarted in between is never met on a stale one.
"""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from api.cli.errors import ConnectionLostError, NoServerError, UsageError
from api.cli.remote.server import Server

CONNECT_TIMEOUT_S = 10.0
"""Longer than any SYN is repeated that is going to be answered."""

_CHUNK_BYTES = 64 * 1024

Body = bytes | BinaryIO | None
"""What is sent; a file is sent from where it stands."""


class Response(Protocol):
    """An answer whose body is still on its way."""

    status: int

    def read(self) -> bytes:
        """Return the body."""

    def iterate(self) -> Iterator[bytes]:
        """Yield the body as it comes."""

    def header(self, name: str) -> str:
        """Return a header, empty where it is not there."""


class Transport:
    """Sends requests to one control plane."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._server = server
        self._host = parts.hostname or ""
        self._port = parts.port
        self._prefix = parts.path
        self._tls = _make_tls(server) if parts.scheme == "https" else None

    def send(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request and return when the answer's headers are there.

        Raises:
            NoServerError: nothing was sent.
            ConnectionLostError: it was sent, and perhaps carried out.
        """
        connection = self._connect()
        all_headers = {
            "Authorization": f"Bearer {self._server.token}",
            "Connection": "close",
            **(headers or {}),
        }
        try:
            connection.sock.settimeout(timeout_s)
            connection.request(method, self._prefix + path, body, all_headers)
            return _StreamedResponse(connection, connection.getresponse(), self._server.url)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _lost(self._server.url, error) from error

    def _connect(self) -> http.client.HTTPConnection:
        connection = (
            http.client.HTTPSConnection(
                self._host, self._port, timeout=CONNECT_TIMEOUT_S, context=self._tls
            )
            if self._tls
            else http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        )
        try:
            connection.connect()
        except ssl.SSLError as error:
            raise NoServerError(_describe_tls_error(self._server, error)) from error
        except OSError as error:
            raise NoServerError(_describe_connect_error(self._server, error)) from error
        return connection


class _StreamedResponse:
    """An answer of ``http.client`` with its errors translated."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, url: str
    ) -> None:
        self._connection = connection
        self._response = response
        self._url = url
        self.status = response.status

    def header(self, name: str) -> str:
        return self._response.headers.get(name, "")

    def read(self) -> bytes:
        return b"".join(self.iterate())

    def iterate(self) -> Iterator[bytes]:
        with closing(self._connection), self._response as response:
            while True:
                try:
                    data = response.read1(_CHUNK_BYTES)
                except (OSError, http.client.HTTPException) as error:
                    raise _lost(self._url, error) from error
                if not data:
                    return
                yield data


def _lost(url: str, error: Exception) -> ConnectionLostError:
    if isinstance(error, TimeoutError):
        return ConnectionLostError(f"{url} did not answer in time.")
    return ConnectionLostError(f"The connection to {url} broke off ({_name(error)}).")


def _name(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _make_tls(server: Server) -> ssl.SSLContext:
    try:
        if server.pinned_certificate is not None:
            return _pin(server.pinned_certificate)
        return ssl.create_default_context(cafile=server.ca_file)
    except (OSError, ValueError) as error:
        path = server.pinned_certificate or server.ca_file
        raise UsageError(f"{path} is not a PEM certificate that can be read.") from error


def _pin(path: Path) -> ssl.SSLContext:
    """Trust one certificate only, whatever name it holds: its server is on this machine."""
    end = "-----END CERTIFICATE-----"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=path.read_text().partition(end)[0] + end)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _describe_connect_error(server: Server, error: OSError) -> str:
    cause = "it takes too long" if isinstance(error, TimeoutError) else _name(error)
    remedy = (
        "Start the control plane with 'myx serve', or name another with MYX_URL and MYX_TOKEN."
        if server.is_local
        else "Check MYX_URL, and that 'myx serve' runs there."
    )
    return f"No control plane answers at {server.url}: {cause.lower()}.\n{remedy}"


def _describe_tls_error(server: Server, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {server.url} is not trusted: {error.verify_message}.\n"
            "Name its CA with MYX_CA_FILE, and use in MYX_URL a name that it was made for."
        )
    return (
        f"{server.url} does not speak TLS ({error.reason or 'handshake failed'}).\n"
        "Check MYX_URL: http:// or https://, and the port."
    )
