# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the options of one level go together? As Ansible judges it, each rule by itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.core.errors import FieldError
from api.templates.conversion import excludes, lacks_all, lacks_because, lacks_by, lacks_company
from api.templates.options import Rules, Spec


def check_rules(
    spec: Spec, given: Mapping[str, Any], converted: Mapping[str, Any], place: str
) -> list[FieldError]:
    """Return what is wrong with the options of a level; ``given`` is what somebody wrote."""
    defaults = {
        name: option.default for name, option in spec.options.items() if option.default is not None
    }
    # As Ansible has it: defaults exclude nothing, but stand in for what is needed.
    excluding = _list_excluding(spec.rules, given, place)
    return [*excluding, *_list_lacking(spec.rules, {**defaults, **given, **converted}, place)]


def _list_excluding(rules: Rules, given: Mapping[str, Any], place: str) -> Iterator[FieldError]:
    for names in rules.mutually_exclusive:
        if excludes(names, given):
            yield FieldError(place, f"{_list(names)} exclude each other; give one of them")


def _list_lacking(rules: Rules, values: Mapping[str, Any], place: str) -> Iterator[FieldError]:
    for names in rules.required_together:
        if lacks_company(names, values):
            yield FieldError(place, f"{_list(names)} belong together; give all of them or none")
    for names in rules.required_one_of:
        if lacks_all(names, values):
            yield FieldError(place, f"one of {_list(names)} is required; give it")
    yield from _list_lacking_because(rules, values, place)


def _list_lacking_because(
    rules: Rules, values: Mapping[str, Any], place: str
) -> Iterator[FieldError]:
    for rule in rules.required_if:
        if lacks_because(rule, values):
            what = f"{'one of ' if rule.one_is_enough else ''}{_list(rule.needed)}"
            yield FieldError(
                place, f"with '{rule.option}' {rule.value}, {what} is required; give it"
            )
    for name, needed in rules.required_by.items():
        if lacks_by(name, needed, values):
            yield FieldError(place, f"'{name}' needs {_list(needed)} too; give it")


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
