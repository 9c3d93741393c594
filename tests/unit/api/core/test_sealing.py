# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from api.core.errors import SealingError
from api.core.sealing import KEY_BYTES, Sealer

KEY = bytes(range(KEY_BYTES))


@given(st.binary(max_size=200), st.text(max_size=30))
def test_what_is_sealed_opens_again(plaintext: bytes, context: str) -> None:
    """A sealed value opens with the same key at the same place, and does not show its content."""
    sealer = Sealer(KEY)
    sealed = sealer.seal(plaintext, context)
    assert sealer.unseal(sealed, context) == plaintext
    assert len(plaintext) < 8 or plaintext not in sealed


def test_a_sealed_value_is_bound_to_its_place() -> None:
    """A value copied to another row does not open, and the error names the place."""
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret", "hosts/1/ssh_credentials")
    with pytest.raises(SealingError, match="hosts/2/ssh_credentials"):
        sealer.unseal(sealed, "hosts/2/ssh_credentials")


@pytest.mark.parametrize("damage", [lambda s: s[:-1], lambda s: s[:-1] + b"x", lambda _: b""])
def test_a_changed_value_does_not_open(damage: object) -> None:
    """A sealed value that was cut or changed is refused."""
    sealer = Sealer(KEY)
    with pytest.raises(SealingError):
        sealer.unseal(damage(sealer.seal(b"secret", "a")), "a")  # type: ignore[operator]


def test_another_key_does_not_open() -> None:
    """A database beside the wrong secret.key gives nothing away."""
    with pytest.raises(SealingError, match=r"secret\.key"):
        Sealer(bytes(KEY_BYTES)).unseal(Sealer(KEY).seal(b"secret", "a"), "a")


def test_equal_values_do_not_look_equal() -> None:
    """Two seals of one value differ, so that nobody sees which hosts share a password."""
    sealer = Sealer(KEY)
    assert sealer.seal(b"secret", "a") != sealer.seal(b"secret", "a")


def test_json_goes_in_and_out() -> None:
    """JSON values keep their form."""
    sealer = Sealer(KEY)
    value = {"a": [1, None, "ü"]}
    assert sealer.unseal_json(sealer.seal_json(value, "x"), "x") == value


def test_several_keys_open_and_the_first_one_seals() -> None:
    """While keys are rotated, old values open; new ones say which key sealed them."""
    new, old = bytes([1]) * KEY_BYTES, bytes([2]) * KEY_BYTES
    sealed = Sealer(old).seal(b"secret", "a")
    both = Sealer(new, old)
    assert both.unseal(sealed, "a") == b"secret"
    assert not both.is_current(sealed)
    resealed = both.seal(b"secret", "a")
    assert both.is_current(resealed)
    assert Sealer(new).unseal(resealed, "a") == b"secret"
    with pytest.raises(SealingError):
        Sealer(old).unseal(resealed, "a")


def test_values_of_before_keys_had_names_open() -> None:
    """The first form, which does not say which key sealed it, opens with any that fits."""
    nonce = bytes(12)
    unnamed = b"\x01" + nonce + AESGCM(KEY).encrypt(nonce, b"secret", b"a")
    sealer = Sealer(bytes([1]) * KEY_BYTES, KEY)
    assert sealer.unseal(unnamed, "a") == b"secret"
    assert not sealer.is_current(unnamed)


def test_digests_of_an_older_key_still_match() -> None:
    """A request that comes again during a rotation is recognised."""
    new, old = bytes([1]) * KEY_BYTES, bytes([2]) * KEY_BYTES
    digest = Sealer(old).digest(b"request", "runs")
    assert Sealer(new, old).matches(digest, b"request", "runs")
    assert not Sealer(new, old).matches(digest, b"another", "runs")
    assert not Sealer(new).matches(digest, b"request", "runs")
