# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a request can every database hold? Not NUL, half a character, NaN, nor any number."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request

from api.core.errors import FieldError, InvalidInputError

MAX_INT4 = 2**31 - 1
"""The largest number in a column that holds a row's id, a count or a revision."""

MAX_INT8 = 2**63 - 1
"""The largest number in a column that counts bytes."""

MOST_NAMED = 20
"""Fields that an answer names at most."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL's text holds no NUL, and no encoding has a surrogate by itself (``"\\ud800"``)."""

_TEXT = "has a NUL or an unpaired surrogate, which cannot be stored; leave it out"
_NUMBER = "is no finite number, which JSON does not know; leave it out"

_Place = tuple[str | int, ...]


async def require_storable_values(request: Request) -> None:
    """Refuse what could not be stored or searched for; the dependency of every route.

    Raises:
        InvalidInputError: names the fields.
    """
    problems: list[FieldError] = []
    for place, sentence in _find_problems(request):
        field = ".".join(str(part) for part in place)
        problems.append(FieldError(_UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", field), sentence))
        if len(problems) == MOST_NAMED:
            break
    if problems:
        first = problems[0]
        raise InvalidInputError(f"{first.field}: {first.message}", tuple(problems))


def find_unstorable(value: Any) -> str | None:
    """Say what of a plain value, or of one in it, cannot be stored; None where nothing is wrong."""
    return next((sentence for _, sentence in _walk((), value)), None)


def _find_problems(request: Request) -> Iterator[tuple[_Place, str]]:
    yield from _walk(("path",), request.path_params)
    for name, value in request.query_params.multi_items():
        yield from _walk(("query",), {name: value})
    # What FastAPI has read as JSON; a body that a route streams is none.
    yield from _walk((), getattr(request, "_json", None))


def _walk(start: _Place, value: Any) -> Iterator[tuple[_Place, str]]:
    """Yield where something is wrong; no recursion: a body may be nested as deep as it likes."""
    waiting = [(start, value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, Mapping):
            for name, inner in each.items():
                waiting += [((*place, name), name), ((*place, name), inner)]
        elif isinstance(each, list):
            waiting += [((*place, number), inner) for number, inner in enumerate(each)]
        elif isinstance(each, str) and _UNSTORABLE.search(each):
            yield place, _TEXT
        elif isinstance(each, float) and not math.isfinite(each):
            yield place, _NUMBER
