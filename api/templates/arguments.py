# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the variables of a run fit its template, and what do they become?

Every value is converted as its option says, since Ansible on the host checks without converting.
Everything that does not fit is told at once. Messages name the place and the remedy, never the
value, which may be a secret. What holds a Jinja expression is left alone: only the host knows it.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.core.errors import FieldError
from api.templates.conversion import DoesNotFitError, convert_value
from api.templates.dependencies import check_rules
from api.templates.options import Option, Spec

MIN_SECRET_CHARS = 4
"""A shorter value is not masked in logs: it would mask too much else."""

MAX_HOSTS_TOLD = 5
"""More hosts that lack a variable are not named."""

_WANTED = {
    "str": "a text",
    "path": "a path",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping of names to values",
    "json": "JSON",
    "jsonarg": "JSON",
    "bytes": "a size, such as 1048576 or '1M'",
    "bits": "a size in bits, such as 1048576 or '1Mb'",
}


@dataclass(frozen=True, slots=True)
class CheckedArguments:
    """The variables of a run, as they are sent to hosts, and what was found of them."""

    values: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that must not leave a host in a log."""
    errors: tuple[FieldError, ...] = ()
    missing: tuple[str, ...] = ()
    """Required ones that were not given; hosts may have them in their own variables."""
    warnings: tuple[str, ...] = ()


def check_arguments(spec: Spec, given: Mapping[str, Any]) -> CheckedArguments:
    """Check the variables of a run against the arguments of its template."""
    walk = _Walk()
    converted = walk.convert_level(spec, _resolve_aliases(spec, given), "extra_vars", is_top=True)
    return CheckedArguments(
        values={**given, **converted},
        secrets=tuple(dict.fromkeys(walk.secrets)),
        errors=tuple(walk.errors),
        missing=tuple(walk.missing),
        warnings=_suspect_typing_errors(spec, given),
    )


def must_be_given(option: Option) -> bool:
    """Say whether it is required, or has a default that Ansible would refuse on the host."""
    if option.default is None:
        return option.is_required
    walk = _Walk()
    walk.convert(option, option.default, "default")
    return bool(walk.errors)


def describe_missing(name: str, hosts: Sequence[str], hosts_total: int) -> FieldError:
    """Say that a required variable was not given, and which hosts do not have it of their own."""
    listed = ", ".join(hosts[:MAX_HOSTS_TOLD])
    where = f", and not set for {listed}" if len(hosts) < hosts_total else ""
    return FieldError(
        f"extra_vars.{name}", f"required{where}; give it (-e {name}=VALUE), or set it for the hosts"
    )


def is_expression(value: Any) -> bool:
    """Say whether only the host can tell what the value is."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


class _Walk:
    """One walk through the values of a run."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.missing: list[str] = []
        self.secrets: list[str] = []

    def convert_level(
        self, spec: Spec, given: Mapping[str, Any], place: str, *, is_top: bool = False
    ) -> dict[str, Any]:
        """Convert the options of one level; at the top, unknown names are somebody else's."""
        if not is_top:
            self._refuse_unknown(spec, given, place)
        converted = {
            name: self.convert(option, given[name], f"{place}.{name}")
            for name, option in spec.options.items()
            if name in given
        }
        for name, option in spec.options.items():
            if name not in given and must_be_given(option):
                self._note_missing(name, place, is_top=is_top)
        self.errors += check_rules(spec, given, converted, place)
        return converted

    def convert(self, option: Option, value: Any, place: str) -> Any:
        """Convert one value with all its parts."""
        if is_expression(value):
            return value
        if option.is_secret:
            self.secrets += _list_texts(value)
        try:
            converted = convert_value(option, value)
        except DoesNotFitError:
            self.errors.append(FieldError(place, _describe_wanted(option)))
            return value
        if isinstance(converted, list) and option.type == "list":
            part = get_element(option)
            return [
                self.convert(part, each, f"{place}.{number}")
                for number, each in enumerate(converted)
            ]
        if isinstance(converted, dict) and option.options is not None:
            level = Spec(option.options, option.rules)
            return self.convert_level(level, _rename_aliases(level, converted), place)
        return converted

    def _note_missing(self, name: str, place: str, *, is_top: bool) -> None:
        if is_top:
            self.missing.append(name)
        else:
            self.errors.append(FieldError(f"{place}.{name}", "required; add it"))

    def _refuse_unknown(self, spec: Spec, given: Mapping[str, Any], place: str) -> None:
        for name in given:
            if name not in spec.options:
                near = difflib.get_close_matches(str(name), list(spec.options), n=1)
                known = f"did you mean '{near[0]}'?" if near else _list_known(spec)
                self.errors.append(FieldError(f"{place}.{name}", f"unknown; {known}"))


def get_element(option: Option) -> Option:
    """Return what holds for each element of a list."""
    return replace(
        option,
        type=option.elements or "raw",
        elements=None,
        is_required=True,
        default=None,
        is_secret=False,
    )


def _describe_wanted(option: Option) -> str:
    if option.choices is not None:
        return f"not among the choices; give one of {', '.join(map(str, option.choices))}"
    return f"not of the type {option.type}; give {_WANTED.get(option.type, 'another value')}"


def _list_known(spec: Spec) -> str:
    return (
        f"leave it out, or give one of {', '.join(spec.options)}" if spec.options else "remove it"
    )


def _resolve_aliases(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give options their value under their own name; the alias stays, it may be another's name."""
    return {**given, **_find_by_alias(spec, given)}


def _rename_aliases(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    renamed = _find_by_alias(spec, given)
    aliases = {alias for option in spec.options.values() for alias in option.aliases}
    kept = {name: value for name, value in given.items() if name not in aliases - set(spec.options)}
    return {**kept, **renamed}


def _find_by_alias(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: given[alias]
        for name, option in spec.options.items()
        for alias in option.aliases
        if alias in given
    }


def _suspect_typing_errors(spec: Spec, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Find variables that nobody asks for and that look like one that is asked for."""
    known = {*spec.options, *(alias for each in spec.options.values() for alias in each.aliases)}
    free = [name for name in spec.options if name not in given]
    warnings = []
    for name in sorted(set(given) - known):
        near = difflib.get_close_matches(name, free, n=1, cutoff=0.8)
        if near:
            warnings.append(f"'{name}' is no argument of the playbook, '{near[0]}' is")
    return tuple(warnings)


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _list_texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _list_texts(member)
    elif not isinstance(value, bool | None) and not is_expression(value):
        text = str(value)
        if len(text) >= MIN_SECRET_CHARS:
            yield text
