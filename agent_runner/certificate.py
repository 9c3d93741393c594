# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the agent's self-signed certificate say?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FROM = datetime(2000, 1, 1, tzinfo=UTC)
"""Early, because a host's clock may be wrong when it is installed."""

VALID_FOR = timedelta(days=100 * 365)
"""It is pinned, not trusted for a time: an expiry could only lock the host out."""

_MAX_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class MadeCertificate:
    """A new certificate and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes


def make_certificate(hostname: str) -> MadeCertificate:
    """Make an EC P-256 key and a certificate for it that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"myx-agent {hostname}"[:_MAX_COMMON_NAME])]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_FROM + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return MadeCertificate(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
