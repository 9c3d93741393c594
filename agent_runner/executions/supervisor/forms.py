# SPDX-License-Identifier: GPL-3.0-or-later
"""By which byte strings does a secret show up in output?

As it is, and as programs write it: in JSON, once and twice over, as Python shows a string, quoted
for a shell or a URL, and in base64 at each of the three places where it can begin. A secret of
several lines also shows up line by line, since programs indent, and its base64 in lines too.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIN_LINE_CHARS = 8
"""The lines of a secret of several lines are masked one by one from this length: a lone brace
in a key file must not mask every brace of a log."""

MIN_CODED_BYTES = 6
"""Secrets shorter than this are not looked for in base64: too much would look like them."""

BASE64_LINE_CHARS = (76, 64)
"""How long the lines are that ``base64`` and ``openssl`` write."""

_UNQUOTED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_SHELL_SPECIAL = re.compile(r"([^\w@%+=:,./-])")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def list_forms(secrets: Iterable[str]) -> list[bytes]:
    """Return the byte strings that must not be shown, the longest first."""
    forms: set[bytes] = set()
    for secret in filter(None, secrets):
        texts = {secret, *_list_lines(secret)}
        forms.update(_encode(form) for text in texts for form in _list_spellings(text))
        raw = _encode(secret)
        forms.update(_list_url_forms(raw))
        if len(raw) >= MIN_CODED_BYTES:
            forms.update(_list_base64_forms(raw))
    return sorted(forms, key=lambda form: (-len(form), form))


def _list_lines(secret: str) -> list[str]:
    lines = secret.splitlines()
    if len(lines) < 2:  # noqa: PLR2004 - the secret itself
        return []
    return [text for line in lines if len(text := line.strip()) >= MIN_LINE_CHARS]


def _list_spellings(text: str) -> Iterator[str]:
    """Return a text as it is, and as other texts hold it."""
    yield text
    for ensure_ascii in (True, False):
        once = json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ensure_ascii)[1:-1]
    yield repr(text)[1:-1]
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield _SHELL_SPECIAL.sub(r"\\\1", text)


def _list_url_forms(raw: bytes) -> Iterator[bytes]:
    for kept in (b"", b"/"):
        for pattern in (b"%%%02X", b"%%%02x"):
            quoted = b"".join(
                bytes((byte,)) if byte in _UNQUOTED or byte in kept else pattern % byte
                for byte in raw
            )
            yield quoted
            yield quoted.replace(b"%20", b"+")


def _list_base64_forms(raw: bytes) -> Iterator[bytes]:
    """Return what is certain of a secret's base64, whatever stands before and behind it."""
    for shift in range(3):
        whole = binascii.b2a_base64(bytes(shift) + raw, newline=False)
        first = -(-shift * 8 // 6)
        last = (shift + len(raw)) * 8 // 6
        yield whole[first:last]
        yield whole[first:last].translate(_URL_SAFE)
    text = binascii.b2a_base64(raw, newline=False).rstrip(b"=")
    for length in BASE64_LINE_CHARS:
        lines = [text[at : at + length] for at in range(0, len(text), length)]
        if len(lines) > 1:
            yield from (line for line in lines if len(line) >= MIN_LINE_CHARS)


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
