# SPDX-License-Identifier: GPL-3.0-or-later
"""How the collection's client trusts a server, over real TLS."""

import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import UnreachableError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings


class Server(HTTPServer):
    """Remembers the tokens that it was shown."""

    tokens: list[str | None]

    def handle_error(self, *_args: object) -> None:
        """Who does not trust it goes away; nobody reads of that."""


class Handler(BaseHTTPRequestHandler):
    """Answers everything."""

    server: Server

    def do_GET(self) -> None:
        """Answer with an empty object."""
        self.server.tokens.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def authority() -> trustme.CA:
    """Return an authority that this machine does not know."""
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    """Return a certificate that is for another name than the one it is called by."""
    return authority.issue_cert("localhost")


@pytest.fixture
def server(certificate: trustme.LeafCert) -> Iterator[Server]:
    """Return a server that listens with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    listening = Server(("127.0.0.1", 0), Handler)
    listening.tokens = []
    # The handshake is the first read's business, so that a refused one ends no thread.
    listening.socket = context.wrap_socket(
        listening.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


def ask(server: Server, host: str, **how: str) -> None:
    """Ask the server once, trusting what is said."""
    url = f"https://{host}:{server.server_port}"
    Client(Settings(url, "myx_t", retries=0, timeout_s=30, **how)).get("/anything")


def fingerprint(certificate: trustme.LeafCert) -> str:
    """Return a certificate's SHA-256."""
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_an_unknown_authority_is_refused_with_the_remedies(server: Server) -> None:
    """Nothing is sent to somebody whom nobody vouches for."""
    with pytest.raises(UnreachableError, match=r"not trusted.*myx_ca_file.*myx_fingerprint"):
        ask(server, "localhost")
    assert not server.tokens


def test_a_named_authority_is_trusted(
    server: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    """For the names that it signed, and for no others."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ask(server, "localhost", ca_file=str(tmp_path / "ca.pem"))
    with pytest.raises(UnreachableError, match="use in myx_url a name that it was made for"):
        ask(server, "127.0.0.1", ca_file=str(tmp_path / "ca.pem"))
    assert server.tokens == ["Bearer myx_t"]


def test_a_pinned_certificate_is_trusted_under_any_name(
    server: Server, certificate: trustme.LeafCert
) -> None:
    """Whoever signed it: the pin says which one it is."""
    ask(server, "127.0.0.1", fingerprint=fingerprint(certificate))
    assert server.tokens == ["Bearer myx_t"]


def test_another_certificate_gets_no_byte(server: Server, authority: trustme.CA) -> None:
    """The token stays here where the pin does not fit, though the authority is the same."""
    with pytest.raises(UnreachableError, match="myx_fingerprint: the control plane shows"):
        ask(server, "127.0.0.1", fingerprint=fingerprint(authority.issue_cert("localhost")))
    assert not server.tokens
