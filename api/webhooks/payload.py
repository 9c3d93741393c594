# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a payload fit, and which variables does it give? Whatever it holds, it stays data.

Patterns are matched by an engine that needs time linear in the text (Rust's, which pydantic
brings), so that no payload makes one run for ever.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from api.core.storable import find_unstorable
from api.webhooks.schemas import Mapped, Matcher

MAX_TEXT = 4096
"""Characters of a value that is matched or becomes a variable."""

MAX_DEPTH = 50
"""Steps of a pointer."""

_TEMPLATE_MARKS = ("{{", "{%", "{#")
"""What Ansible would evaluate; in a payload it is an attack, or will be taken for one."""

_NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$"
_NAME: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=_NAME_PATTERN)])

MISSING = object()


class UnfitError(Exception):
    """Says why a delivery is ignored."""


def find_value(payload: Any, pointer: str) -> Any:
    """Return what a JSON pointer points to, or MISSING."""
    found = payload
    for raw in pointer.split("/")[1 : MAX_DEPTH + 1]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step[:9]) < len(found):
            found = found[int(step[:9])]
        else:
            return MISSING
    return found


def is_pattern(pattern: str) -> bool:
    """Say whether a pattern can be matched."""
    try:
        _compile(pattern)
    except SchemaError:
        return False
    return True


def check_matchers(matchers: Sequence[Matcher], payload: Any, headers: Mapping[str, str]) -> None:
    """Let pass what fits all matchers.

    Raises:
        UnfitError: names the first that does not.
    """
    for matcher in matchers:
        if matcher.header is not None:
            value: Any = headers.get(matcher.header.lower(), MISSING)
        else:
            value = find_value(payload, matcher.pointer or "")
        if not _fits(matcher, value):
            raise UnfitError(f"{matcher.header or matcher.pointer} does not match.")


def map_variables(mapped: Sequence[Mapped], payload: Any) -> dict[str, Any]:
    """Return the variables that a payload gives.

    Raises:
        UnfitError: one is missing, of another type, or no plain value.
    """
    variables: dict[str, Any] = {}
    for each in mapped:
        value = find_value(payload, each.pointer)
        if value is MISSING or value is None:
            if each.required:
                raise UnfitError(f"{each.pointer} is missing.")
            if each.default is not None:
                variables[each.name] = each.default
            continue
        variables[each.name] = _convert(each, value)
    return variables


def read_limit(pointer: str, payload: Any) -> str:
    """Return the name of a host or group.

    Raises:
        UnfitError: it is none.
    """
    try:
        return _NAME.validate_python(find_value(payload, pointer), strict=True)
    except ValidationError as error:
        raise UnfitError(f"{pointer} is not the name of a host or group.") from error


def _convert(each: Mapped, value: Any) -> Any:
    unstorable = find_unstorable(value)
    if unstorable is not None:
        raise UnfitError(f"{each.pointer} {unstorable.partition(';')[0]}.")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if each.type == "number" and is_number:
        return value
    if each.type == "boolean" and isinstance(value, bool):
        return value
    if each.type == "string" and isinstance(value, str):
        if len(value) > MAX_TEXT or any(mark in value for mark in _TEMPLATE_MARKS):
            raise UnfitError(f"{each.pointer} is too long, or holds '{{{{' or the like.")
        return value
    raise UnfitError(f"{each.pointer} is no {each.type}.")


def _fits(matcher: Matcher, value: Any) -> bool:
    if value is MISSING:
        return matcher.exists is False
    if matcher.exists is not None:
        return matcher.exists
    if matcher.matches is not None:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            return False
        try:
            _compile(matcher.matches).validate_python(value)
        except ValidationError:
            return False
        return True
    return type(value) is type(matcher.equals) and value == matcher.equals


def _compile(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
