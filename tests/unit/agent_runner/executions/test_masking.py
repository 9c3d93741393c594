# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in a stream."""

import base64
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runner.executions.supervisor.forms import list_forms
from agent_runner.executions.supervisor.masking import MASK, Masker, Secrets

_alphabet = st.sampled_from('abé\n"')
_secrets = st.lists(st.text(_alphabet, min_size=1, max_size=6), max_size=4)
_chunks = st.lists(st.text(_alphabet, max_size=12).map(str.encode), max_size=12)


def _mask_in_pieces(secrets: list[str], chunks: list[bytes]) -> bytes:
    masker = Masker(Secrets(secrets))
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


@given(
    secrets=st.lists(st.text("ab", min_size=1, max_size=16), min_size=1, max_size=30),
    stream=st.text("abc", max_size=120).map(str.encode),
    cuts=st.lists(st.integers(min_value=0, max_value=120), max_size=6),
)
def test_many_secrets_are_masked_like_by_one_pattern(
    secrets: list[str], stream: bytes, cuts: list[int]
) -> None:
    """Few or many, short or long: at each place the longest form is replaced, and nothing else."""
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pattern = re.compile(b"|".join(map(re.escape, list_forms(secrets))))
    shown = _mask_in_pieces(secrets, [stream[a:b] for a, b in pairwise(places)])
    assert shown == pattern.sub(MASK, stream)


SECRET = 'it\'s a "s3cr3t" + /tönen?'


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda text: json.dumps({"a": text}), id="json"),
        pytest.param(lambda text: json.dumps({"a": text}, ensure_ascii=False), id="json-unicode"),
        pytest.param(lambda text: json.dumps({"a": json.dumps({"b": text})}), id="json-twice"),
        pytest.param(lambda text: repr({"a": text}), id="python"),
        pytest.param(shlex.quote, id="shell"),
        pytest.param(lambda text: "'" + text.replace("'", "'\\''") + "'", id="shell-trace"),
        pytest.param(lambda text: re.sub(r"([^\w/+.-])", r"\\\1", text), id="shell-escaped"),
        pytest.param(urllib.parse.quote, id="url"),
        pytest.param(lambda text: urllib.parse.quote(text, safe=""), id="url-all"),
        pytest.param(urllib.parse.quote_plus, id="url-form"),
        pytest.param(lambda text: urllib.parse.quote(text, safe="").lower(), id="url-lower"),
        *(
            pytest.param(
                lambda text, n=n: base64.b64encode(b"u" * n + text.encode() + b":x").decode(),
                id=f"base64-{n}",
            )
            for n in range(4)
        ),
        pytest.param(
            lambda text: base64.urlsafe_b64encode(b"?" + text.encode()).decode(), id="base64-url"
        ),
    ],
)
@pytest.mark.parametrize("cut", [1, 9, 20, 33])
def test_a_secret_is_masked_however_it_is_written(write: Callable[[str], str], cut: int) -> None:
    """Quoted, escaped or encoded: no secret passes, wherever the writes are cut."""
    raw = write(SECRET).encode()
    shown = _mask_in_pieces([SECRET], [b"a ", raw[:cut], raw[cut:], b" z\n"])
    assert MASK in shown
    assert len(shown) < len(MASK) + 30
    assert not [at for at in range(len(raw) - 18) if raw[at : at + 18] in shown]


@pytest.mark.parametrize("width", [76, 64])
def test_the_base64_of_a_key_is_masked_in_lines(width: int) -> None:
    """A key file that is printed as base64 leaves no line of it."""
    key = "".join(f"line {number} of a key\n" for number in range(20))
    text = base64.b64encode(key.encode()).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    shown = _mask_in_pieces([key], ["\n".join(lines).encode()])
    assert not [line for line in lines[:-1] if line.encode() in shown]


def test_a_short_secret_is_masked_as_it_is() -> None:
    """However short a named value is, it is not shown; its base64 is not looked for."""
    assert _mask_in_pieces(["q"], [b"iqyq"]) == b"i" + MASK + b"y" + MASK
    text = base64.b64encode(b"xhellox")
    assert _mask_in_pieces(["hello"], [text]) == text


@given(chunks=_chunks)
def test_without_secrets_nothing_is_held_back(chunks: list[bytes]) -> None:
    """A stream without secrets passes unchanged and at once."""
    masker = Masker(Secrets([]))
    assert [masker.feed(chunk) for chunk in chunks] == chunks
    assert masker.finish() == b""


def test_what_cannot_become_a_secret_passes_at_once() -> None:
    """Only the beginning of a secret at the very end is held back."""
    masker = Masker(Secrets(["secret"]))
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
