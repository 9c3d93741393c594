# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a secret value kept out of a stream, also when it arrives in two writes?

The end of what has arrived is held back as long as it could be the beginning of a secret. What
comes out in pieces is what masking the whole stream at once would give.

Nearly all output holds no secret, and to be sure of that must cost the same for one secret and
for a hundred. A few forms are looked for one by one. Of many, the output is read as a row of
four-byte numbers and compared with a set: any form of at least seven bytes fills one of these
numbers with four of its first seven bytes. Only forms that are found so, and shorter ones, are
looked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent_runner.executions.supervisor.forms import list_forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = b"********"
"""What stands in the place of a secret."""

_FEW = 12
"""So many forms are found one by one as fast as by their grams."""

_GRAM = 4
_LONG = 2 * _GRAM - 1
"""The shortest form that fills a whole aligned gram wherever it begins."""


class Secrets:
    """All the forms of some secrets, ready to be looked for."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = forms = list_forms(secrets)
        self._short = [form for form in forms if len(form) < _LONG]
        self._by_gram: dict[int, list[bytes]] = {}
        for form in forms:
            for start in range(_GRAM) if len(form) >= _LONG else ():
                gram = memoryview(form[start : start + _GRAM]).cast("I")[0]
                self._by_gram.setdefault(gram, []).append(form)
        self._grams = frozenset(self._by_gram)
        self._beginnings = {form[:n] for form in forms for n in range(1, min(len(form), _LONG))}

    def __bool__(self) -> bool:
        return bool(self._forms)

    def find_candidates(self, data: bytes) -> list[bytes]:
        """Return the forms that ``data`` may hold, or whose beginning it may end with.

        Of forms of at least seven bytes only beginnings of at least seven bytes are meant.
        """
        if len(self._forms) <= _FEW:
            return self._forms
        aligned = memoryview(data)[: len(data) - len(data) % _GRAM].cast("I")
        found = self._grams.intersection(aligned)
        forms = {form for gram in found for form in self._by_gram[gram]}
        return [*sorted(forms, key=lambda form: (-len(form), form)), *self._short]

    def find_beginning(self, data: bytes, position: int, candidates: Iterable[bytes]) -> int:
        """Return the first place from which all the rest could be the beginning of a secret."""
        place = self._find_short_beginning(data, position)
        for form in candidates:
            place = min(place, _find_prefix(data, position, form))
        return place

    def is_in(self, data: bytes) -> bool:
        """Tell whether something whole holds a secret."""
        return any(form in data for form in self.find_candidates(data))

    def mask(self, data: bytes) -> bytes:
        """Return something whole without the secrets."""
        present = [form for form in self.find_candidates(data) if form in data]
        return _compile(present).sub(MASK, data) if present else data

    def mask_text(self, text: str) -> str:
        """Return a whole text without the secrets."""
        masked = self.mask(text.encode(errors="surrogateescape"))
        return masked.decode(errors="surrogateescape")

    def _find_short_beginning(self, data: bytes, position: int) -> int:
        for place in range(max(position, len(data) - _LONG + 1), len(data)):
            if data[place:] in self._beginnings:
                return place
        return len(data)


class Masker:
    """Replaces secrets in one stream of bytes."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets or None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream and return what may go out by now."""
        if self._secrets is None:
            return data
        buffer = self._held + data
        candidates = self._secrets.find_candidates(buffer)
        held_from = self._secrets.find_beginning(buffer, 0, candidates)
        out: list[bytes] = []
        position = 0
        for match in _find_all(buffer, candidates):
            if held_from < position:
                held_from = self._secrets.find_beginning(buffer, position, candidates)
            if match.start() >= held_from:
                break
            out += (buffer[position : match.start()], MASK)
            position = match.end()
        if held_from < position:
            held_from = self._secrets.find_beginning(buffer, position, candidates)
        out.append(buffer[position:held_from])
        self._held = buffer[held_from:]
        return b"".join(out)

    def finish(self) -> bytes:
        """Return what was held back: the stream has ended and no longer secret can follow."""
        held, self._held = self._held, b""
        return self._secrets.mask(held) if self._secrets else held


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Return a whole text without the secrets."""
    return Secrets(secrets).mask_text(text)


def _find_all(data: bytes, candidates: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    present = [form for form in candidates if form in data]
    return _compile(present).finditer(data) if present else iter(())


def _compile(forms: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return a pattern of the forms, of which the longest that fits wins."""
    return re.compile(b"|".join(map(re.escape, forms)))


def _find_prefix(data: bytes, position: int, form: bytes) -> int:
    """Return the first place from which the rest of ``data`` is a proper prefix of ``form``."""
    probe = form[:_LONG]
    place = max(position, len(data) - len(form) + 1)
    while (place := data.find(probe, place)) >= 0:
        if form.startswith(data[place:]):
            return place
        place += 1
    return len(data)
