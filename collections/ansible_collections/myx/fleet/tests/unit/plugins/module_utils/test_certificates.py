# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime as dt
import pathlib
import ssl

import pytest
from ansible_collections.myx.fleet.plugins.module_utils import _certificates as certificates

SOON = """\
-----BEGIN CERTIFICATE-----
MIIBajCCARCgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlhLmV4YW1w
bGUwHhcNMjYxMTIxMTgxMTMzWhcNMjYxMjIxMTgxMTMzWjAUMRIwEAYDVQQDDAlh
LmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ0N/tzyeRKfFMCFXsD
sFapaLKUyn/OWDjMwRJMEZrAYamNquc6ohcleckNc3AJwXU0y+yxcEUenM/GsUiI
729Do1MwUTAdBgNVHQ4EFgQULVwg5ZviT8Yj3lBmFKJTHOmj0iowHwYDVR0jBBgw
FoAULVwg5ZviT8Yj3lBmFKJTHOmj0iowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
PQQDAgNIADBFAiAU6wXFgaquLjVPfK8kZV13i8KWvmM+E3badsUm9OR3QwIhAJA3
vdtaa6wv1kDB231JGFTyLC0wPBJ+b2EF/9uscXQs
-----END CERTIFICATE-----
"""
"""A certificate that ends before 2050: its year has two digits."""

LATE = """\
-----BEGIN CERTIFICATE-----
MIIBazCCARKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlhLmV4YW1w
bGUwIBcNMjYxMTIxMTgxMTMzWhgPMjA4MTA4MjQxODExMzNaMBQxEjAQBgNVBAMM
CWEuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDQ3+3PJ5Ep8UwIV
ewOwVqlospTKf85YOMzBEkwRmsBhqY2q5zqiFyV5yQ1zcAnBdTTL7LFwRR6cz8ax
SIjvb0OjUzBRMB0GA1UdDgQWBBQtXCDlm+JPxiPeUGYUolMc6aPSKjAfBgNVHSME
GDAWgBQtXCDlm+JPxiPeUGYUolMc6aPSKjAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
SM49BAMCA0cAMEQCICsFMCqIgVYVzJlkkimhoBTRLqEBysW15A/TVy5ps4EjAiAZ
4l1pjSY64X5Kz0mBY+33g9HkYp//qJu4x8PbgjXUoQ==
-----END CERTIFICATE-----
"""
"""One that ends after 2050."""


@pytest.mark.parametrize(
    ("pem", "ends"),
    [
        (SOON, dt.datetime.fromisoformat("2026-12-21T18:11:33+00:00")),
        (LATE, dt.datetime.fromisoformat("2081-08-24T18:11:33+00:00")),
    ],
)
def test_the_end_is_read_in_both_forms(pem: str, ends: dt.datetime) -> None:
    """Years before and after 2050 are written differently."""
    assert certificates.read_end_of_validity(ssl.PEM_cert_to_DER_cert(pem)) == ends


def test_the_first_certificate_of_a_file_counts(tmp_path: pathlib.Path) -> None:
    """A chain begins with the server's own, whatever text stands around it."""
    file = tmp_path / "chain.pem"
    file.write_text("About it\n" + LATE + SOON)
    assert certificates.load_certificate(str(file)) == ssl.PEM_cert_to_DER_cert(LATE)


def test_a_file_without_a_certificate_is_named(tmp_path: pathlib.Path) -> None:
    """A key in its place is an error that says so."""
    file = tmp_path / "key.pem"
    file.write_text("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(ValueError, match="no PEM certificate"):
        certificates.load_certificate(str(file))


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 100])
def test_what_is_cut_off_is_no_certificate(cut: int) -> None:
    """Half a certificate is an error, not a date."""
    with pytest.raises(ValueError, match=r"certificate|does not match"):
        certificates.read_end_of_validity(ssl.PEM_cert_to_DER_cert(SOON)[:cut])
