# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a secret value kept out of a stream, also when it arrives in two writes?

The end of what has arrived is held back as long as it could be the beginning of a secret. What
comes out in pieces is what masking the whole stream at once would give.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = b"********"
"""What stands in the place of a secret."""

MIN_LINE_CHARS = 8
"""The lines of a secret of several lines are masked one by one from this length: programs
print them indented, but a lone brace in a key file must not mask every brace of a log."""

_PROBE_BYTES = 8


class Masker:
    """Replaces secrets in one stream of bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = _list_forms(secrets)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if self._forms else None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream and return what may go out by now."""
        if self._pattern is None:
            return data
        buffer = self._held + data
        out: list[bytes] = []
        position = 0
        # To look for each form first is many times as fast as the pattern where there is none.
        pattern = self._pattern if any(form in buffer for form in self._forms) else None
        while True:
            held_from = self._find_beginning(buffer, position)
            match = pattern.search(buffer, position) if pattern else None
            if match is None or match.start() >= held_from:
                break
            out += (buffer[position : match.start()], MASK)
            position = match.end()
        out.append(buffer[position:held_from])
        self._held = buffer[held_from:]
        return b"".join(out)

    def finish(self) -> bytes:
        """Return what was held back: the stream has ended and no longer secret can follow."""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern else held

    def _find_beginning(self, buffer: bytes, position: int) -> int:
        """Return the first place from which all the rest could be the beginning of a secret."""
        return min(
            (_find_prefix(buffer, position, form) for form in self._forms), default=len(buffer)
        )


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Return a whole text without the secrets."""
    masker = Masker(secrets)
    masked = masker.feed(text.encode(errors="surrogateescape")) + masker.finish()
    return masked.decode(errors="surrogateescape")


def _find_prefix(buffer: bytes, position: int, form: bytes) -> int:
    """Return the first place from which the rest of ``buffer`` is a proper prefix of ``form``."""
    place = max(position, len(buffer) - len(form) + 1)
    probe = form[:_PROBE_BYTES]
    while (place := buffer.find(probe, place)) >= 0:
        if form.startswith(buffer[place:]):
            return place
        place += 1
    tail_start = max(position, len(buffer) - len(form) + 1, len(buffer) - len(probe) + 1)
    for place in range(tail_start, len(buffer)):
        if form.startswith(buffer[place:]):
            return place
    return len(buffer)


def _list_forms(secrets: Iterable[str]) -> list[bytes]:
    """Return the byte strings by which secrets show up, the longest first."""
    texts: set[str] = set()
    for secret in secrets:
        texts.add(secret)
        lines = secret.splitlines()
        if len(lines) > 1:
            texts.update(s for line in lines if len(s := line.strip()) >= MIN_LINE_CHARS)
    for text in tuple(texts):
        texts.add(json.dumps(text)[1:-1])
        texts.add(json.dumps(text, ensure_ascii=False)[1:-1])
    forms = {text.encode(errors="surrogateescape") for text in texts if text}
    return sorted(forms, key=lambda form: (-len(form), form))
