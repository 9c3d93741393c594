# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from agent_runner.errors import TlsError
from agent_runner.tls import build_tls_context, ensure_certificate, read_fingerprint


def test_pair_is_made_once(tmp_path: Path) -> None:
    """The first call makes certificate and key, for the owner only; later ones change nothing."""
    pair = ensure_certificate(tmp_path / "ssl")
    before = pair.certificate.read_bytes(), pair.key.read_bytes()
    assert ensure_certificate(tmp_path / "ssl") == pair
    assert (pair.certificate.read_bytes(), pair.key.read_bytes()) == before
    assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "ssl").stat().st_mode) == 0o700
    assert {path.name for path in (tmp_path / "ssl").iterdir()} == {"agent.crt", "agent.key"}


def test_certificate_lasts_as_long_as_the_host(tmp_path: Path) -> None:
    """It is an EC P-256 certificate, valid whatever a host's clock says."""
    made = x509.load_pem_x509_certificate(ensure_certificate(tmp_path).certificate.read_bytes())
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert made.not_valid_before_utc.year <= 2000
    assert made.not_valid_after_utc.year >= 2099


def test_racing_processes_make_one_pair(tmp_path: Path) -> None:
    """Those that start at the same time all end with the same certificate."""
    with ThreadPoolExecutor(8) as threads:
        pairs = list(threads.map(ensure_certificate, [tmp_path] * 8))
    assert len({read_fingerprint(pair.certificate) for pair in pairs}) == 1
    build_tls_context(pairs[0])


def test_fingerprint_is_of_the_der_form(tmp_path: Path) -> None:
    """The fingerprint is the SHA-256 that the control plane sees in the handshake."""
    pair = ensure_certificate(tmp_path)
    der = ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())
    assert read_fingerprint(pair.certificate) == hashlib.sha256(der).hexdigest()


def test_context_is_strict(tmp_path: Path) -> None:
    """Nothing below TLS 1.2, nothing without forward secrecy, and tickets to resume by."""
    context = build_tls_context(ensure_certificate(tmp_path))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.num_tickets > 0
    assert not context.options & ssl.OP_NO_TICKET
    names = [cipher["name"] for cipher in context.get_ciphers()]
    assert all(name.startswith(("ECDHE", "TLS_")) for name in names)


def test_interrupted_making_is_repeated(tmp_path: Path) -> None:
    """A key without a certificate is what a crash leaves: both are made anew."""
    (tmp_path / "agent.key").write_text("half")
    (tmp_path / ".agent.crt.new").write_text("half")
    build_tls_context(ensure_certificate(tmp_path))


def test_lost_key_is_told(tmp_path: Path) -> None:
    """A certificate that is pinned is never replaced without being asked for."""
    ensure_certificate(tmp_path).key.unlink()
    with pytest.raises(TlsError, match=r"agent\.key is missing; restore it, or remove"):
        ensure_certificate(tmp_path)


def test_open_key_is_told(tmp_path: Path) -> None:
    """A key that others can read is refused with the command that closes it."""
    ensure_certificate(tmp_path).key.chmod(0o640)
    with pytest.raises(TlsError, match="chmod 600"):
        ensure_certificate(tmp_path)


def test_foreign_key_is_told(tmp_path: Path) -> None:
    """A key of another certificate is refused with the remedy."""
    ensure_certificate(tmp_path / "other").key.rename(tmp_path / "key")
    pair = ensure_certificate(tmp_path / "ssl")
    (tmp_path / "key").rename(pair.key)
    with pytest.raises(TlsError, match="do not belong together"):
        build_tls_context(pair)


def test_damaged_certificate_is_told(tmp_path: Path) -> None:
    """A certificate that is none is refused by name."""
    pair = ensure_certificate(tmp_path)
    pair.certificate.write_text("nonsense")
    with pytest.raises(TlsError, match="cannot be read as a certificate"):
        read_fingerprint(pair.certificate)


def test_unusable_folder_is_told(tmp_path: Path) -> None:
    """A folder that cannot be made is named."""
    (tmp_path / "file").touch()
    with pytest.raises(TlsError, match="cannot be used for the certificate"):
        ensure_certificate(tmp_path / "file" / "ssl")
