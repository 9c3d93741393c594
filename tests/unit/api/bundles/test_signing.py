# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.bundles.signing import find_signer, load_signer
from api.core.errors import SettingsError

DIGEST = "ab" * 32


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """The first start makes a key that only its user can read; it stays."""
    first = load_signer(tmp_path / "signing.key")
    assert load_signer(tmp_path / "signing.key").public_key == first.public_key
    assert find_signer(tmp_path / "signing.key").public_key == first.public_key
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600


def test_what_is_signed_is_the_digest_in_its_context(tmp_path: Path) -> None:
    """The signature is Ed25519 over the context and the 32 bytes of the digest."""
    signer = load_signer(tmp_path / "signing.key")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signer.public_key))
    message = b"myx bundle v1\0" + bytes.fromhex(DIGEST)
    key.verify(base64.b64decode(signer.sign(DIGEST)), message)


def test_asking_makes_no_key(tmp_path: Path) -> None:
    """Where no control plane was started there is no key, and none appears by asking."""
    with pytest.raises(SettingsError, match="first start"):
        find_signer(tmp_path / "signing.key")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_is_an_error(tmp_path: Path) -> None:
    """A file that is no key is never replaced by a new one."""
    (tmp_path / "signing.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="backup"):
        load_signer(tmp_path / "signing.key")
