# SPDX-License-Identifier: GPL-3.0-or-later
"""Which value does Ansible make of one that was given for an option? Owns ``ansible``'s rules.

Asked of Ansible's own validator, one value at a time: so it is known to which an error belongs.
Two things differ on purpose. A ``path`` keeps its ``~`` and ``$HOME``, which are the host's; and
numbers that JSON cannot say, or that would fill the memory, are refused.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import (
    check_mutually_exclusive,
    check_required_by,
    check_required_if,
    check_required_one_of,
    check_required_together,
)

from api.templates.options import Option, RequiredIf

_NUMBER = re.compile(r"\s*[+-]?\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,3})?\s*")
_INT_TYPES = frozenset({"int", "bytes", "bits"})
_AS_TEXT = frozenset({"path"})

_EVERYTHING_IT_RAISES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class DoesNotFitError(Exception):
    """The value is none that the option takes."""


def convert_value(option: Option, value: Any) -> Any:
    """Return the value with its outermost type converted; parts of lists and dicts stay.

    Raises:
        DoesNotFitError: Ansible refuses it.
    """
    kind = "str" if option.type in _AS_TEXT else option.type
    _refuse_monsters(kind, value)
    spec: dict[str, Any] = {"type": kind, "required": option.is_required}
    if option.default is not None:
        spec["default"] = option.default
    if option.choices is not None and kind != "list":
        spec["choices"] = list(option.choices)
    try:
        result = ArgumentSpecValidator({"value": spec}).validate({"value": value})
    except _EVERYTHING_IT_RAISES as error:
        raise DoesNotFitError from error
    if result.error_messages:
        raise DoesNotFitError
    return _settle(kind, result.validated_parameters["value"])


def _refuse_monsters(kind: str, value: Any) -> None:
    """Refuse what would take gigabytes to convert, such as ``1e999999999``."""
    if kind == "int" and isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise DoesNotFitError


def _settle(kind: str, value: Any) -> Any:
    if kind in _INT_TYPES and isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise DoesNotFitError
    return value


def excludes(names: tuple[str, ...], given: Mapping[str, Any]) -> bool:
    """Say whether more than one of the options is given."""
    return _breaks(check_mutually_exclusive, [list(names)], given)


def lacks_company(names: tuple[str, ...], given: Mapping[str, Any]) -> bool:
    """Say whether some of the options are given, but not all."""
    return _breaks(check_required_together, [list(names)], given)


def lacks_all(names: tuple[str, ...], given: Mapping[str, Any]) -> bool:
    """Say whether none of the options is given."""
    return _breaks(check_required_one_of, [list(names)], given)


def lacks_because(rule: RequiredIf, given: Mapping[str, Any]) -> bool:
    """Say whether an option has the value with which others are needed, and they lack."""
    check = [rule.option, rule.value, list(rule.needed), rule.one_is_enough]
    return _breaks(check_required_if, [check], given)


def lacks_by(name: str, needed: tuple[str, ...], given: Mapping[str, Any]) -> bool:
    """Say whether an option is given without those that it needs."""
    return _breaks(check_required_by, {name: list(needed)}, given)


def _breaks(check: Callable[[Any, Any], Any], rule: Any, given: Mapping[str, Any]) -> bool:
    try:
        check(rule, dict(given))
    except TypeError:
        return True
    return False
