# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate does the agent show, and how does it speak TLS?

The certificate is self-signed and made on the host. Nobody vouches for it: the control plane
learns its fingerprint over SSH at install and pins it. So it lives as long as the host, and a
new one is made only where there is none.
"""

import fcntl
import hashlib
import os
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent_runner.errors import TlsError

_TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else anyway."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Where certificate and private key are."""

    certificate: Path
    key: Path


def ensure_certificate(ssl_dir: Path) -> KeyPair:
    """Return the agent's certificate and key; make both where there is none.

    Raises:
        TlsError: the folder cannot be written, or only half of the pair is there.
    """
    pair = KeyPair(ssl_dir / "agent.crt", ssl_dir / "agent.key")
    try:
        with _locked(ssl_dir):
            if not pair.certificate.exists():
                _make(pair)
        _check_key(pair)
    except OSError as error:
        raise TlsError(
            f"{ssl_dir} cannot be used for the certificate ({error.strerror}); check its owner and"
            " the free space"
        ) from error
    return pair


def read_fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of the certificate in DER form, in lower-case hexadecimal."""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    except (OSError, ValueError) as error:
        raise TlsError(f"{certificate} cannot be read as a certificate ({error})") from error
    return hashlib.sha256(der).hexdigest()


def build_tls_context(pair: KeyPair) -> ssl.SSLContext:
    """Return the server's side of TLS: 1.2 or newer, with session tickets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(pair.certificate, pair.key)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(
            f"{pair.certificate} and {pair.key} do not belong together or are damaged; restore"
            " them, or remove both and enrol this host again"
        ) from error
    return context


@contextmanager
def _locked(ssl_dir: Path) -> Iterator[None]:
    """Hold the folder, so that two processes never make two different pairs."""
    ssl_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(ssl_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(pair: KeyPair) -> None:
    """Write a new pair; the certificate comes last, so that its presence means both are there."""
    # Only the first start needs it, and it would cost every later one 10 MB.
    from agent_runner.certificate import make_certificate  # noqa: PLC0415 - see above

    made = make_certificate(os.uname().nodename)
    _write(pair.key, made.key_pem)
    _write(pair.certificate, made.certificate_pem)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    unfinished.rename(path)


def _check_key(pair: KeyPair) -> None:
    if not pair.key.exists():
        raise TlsError(
            f"{pair.key} is missing; restore it, or remove {pair.certificate} too and enrol this"
            " host again"
        )
    if stat.S_IMODE(pair.key.stat().st_mode) & 0o077:
        raise TlsError(f"{pair.key} is open to other users; run: chmod 600 {pair.key}")
