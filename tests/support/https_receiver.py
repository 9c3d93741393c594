# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test receive what is sent over HTTPS? A real server with a certificate of its own."""

import asyncio
import ssl
from collections import deque
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Received(NamedTuple):
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        """What its JSON says."""
        return msgspec.json.decode(self.body)


class HttpsReceiver:
    """Takes whatever is sent, and answers as it is told."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "receiver.pem"
        self._key_file = folder / "receiver.key"
        _write_certificate(self.ca_file, self._key_file)
        self.received: list[Received] = []
        self.answers: deque[web.Response] = deque()
        """What is answered next; 204 where there is nothing."""
        self.is_silent = False
        """Whether it answers nothing at all."""
        self._came = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen on a free port of the loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.ca_file, self._key_file)
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop."""
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens; the path is what somebody may keep secret."""
        return f"https://localhost:{self.port}/services/s3cret-path"

    async def wait_for(self, count: int) -> list[Received]:
        """Return when so many have come."""
        while len(self.received) < count:
            self._came.clear()
            await self._came.wait()
        return self.received

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.path, headers, body))
        self._came.set()
        if self.is_silent:
            await asyncio.Event().wait()
        return self.answers.popleft() if self.answers else web.Response(status=204)


def _write_certificate(certificate_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
