# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in a stream."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.executions.supervisor.masking import MASK, Masker

_alphabet = st.sampled_from('abé\n"')
_secrets = st.lists(st.text(_alphabet, min_size=1, max_size=6), max_size=4)
_chunks = st.lists(st.text(_alphabet, max_size=12).map(str.encode), max_size=12)


def _mask_in_pieces(secrets: list[str], chunks: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([*map(masker.feed, chunks), masker.finish()])


@given(secrets=_secrets, chunks=_chunks)
def test_pieces_are_masked_like_the_whole(secrets: list[str], chunks: list[bytes]) -> None:
    """However a stream is cut into writes, what comes out is what masking it whole gives."""
    whole = b"".join(chunks)
    assert _mask_in_pieces(secrets, chunks) == _mask_in_pieces(secrets, [whole])


@given(secrets=_secrets, chunks=_chunks)
def test_no_secret_is_left(secrets: list[str], chunks: list[bytes]) -> None:
    """No secret, raw or as JSON shows it, is in what comes out between the masks."""
    shown = _mask_in_pieces(secrets, chunks)
    for part in shown.split(MASK):
        for secret in secrets:
            assert secret.encode() not in part
            assert json.dumps(secret)[1:-1].encode() not in part


@given(
    secret=st.text(min_size=1, max_size=30).filter(lambda text: "*" not in text),
    before=st.binary(max_size=20),
    cut=st.integers(min_value=0, max_value=200),
)
def test_a_secret_split_between_two_writes_is_masked(secret: str, before: bytes, cut: int) -> None:
    """A secret is masked wherever the write ends inside it."""
    raw = secret.encode(errors="surrogateescape")
    stream = before + raw
    shown = _mask_in_pieces([secret], [stream[:cut], stream[cut:]])
    assert raw not in shown
    assert MASK in shown


@given(chunks=_chunks)
def test_without_secrets_nothing_is_held_back(chunks: list[bytes]) -> None:
    """A stream without secrets passes unchanged and at once."""
    masker = Masker([])
    assert [masker.feed(chunk) for chunk in chunks] == chunks
    assert masker.finish() == b""


def test_what_cannot_become_a_secret_passes_at_once() -> None:
    """Only the beginning of a secret at the very end is held back."""
    masker = Masker(["secret"])
    assert masker.feed(b"a sec") == b"a "
    assert masker.feed(b"ond") == b"second"
    assert masker.feed(b" sec") == b" "
    assert masker.finish() == b"sec"


def test_the_longest_of_overlapping_secrets_is_masked() -> None:
    """A secret that begins like another is masked whole."""
    assert _mask_in_pieces(["pass", "password"], [b"pass", b"word pass"]) == MASK + b" " + MASK


@pytest.mark.parametrize("indent", ["", "    "])
def test_the_lines_of_a_key_are_masked_one_by_one(indent: str) -> None:
    """A secret of several lines is masked also where a program indents it."""
    key = "-----BEGIN KEY-----\nabcdefghijkl\n}\n-----END KEY-----"
    shown = _mask_in_pieces([key], [re.sub("^", indent, key, flags=re.MULTILINE).encode()])
    assert b"abcdefghijkl" not in shown
