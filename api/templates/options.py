# SPDX-License-Identifier: GPL-3.0-or-later
"""What does an argument spec say? All attributes of Ansible's options, as plain values.

What is wrong in a spec is told as a warning of the template and never stops a run: the host's
Ansible has the last word on content.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 10
"""Options in options; deeper ones are taken as they come."""

TYPES = frozenset(
    {
        "str",
        "list",
        "dict",
        "bool",
        "int",
        "float",
        "path",
        "raw",
        "json",
        "jsonarg",
        "bytes",
        "bits",
    }
)


@dataclass(frozen=True, slots=True)
class RequiredIf:
    """Options that are needed while another one has a value."""

    option: str
    value: Any
    needed: tuple[str, ...]
    one_is_enough: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """How the options of one level depend on each other."""

    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[RequiredIf, ...] = ()
    required_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def join(self, other: "Rules") -> "Rules":
        """Return both."""
        return Rules(
            _unite(self.mutually_exclusive, other.mutually_exclusive),
            _unite(self.required_together, other.required_together),
            _unite(self.required_one_of, other.required_one_of),
            self.required_if + tuple(r for r in other.required_if if r not in self.required_if),
            {**other.required_by, **self.required_by},
        )

    def keep(self, names: frozenset[str]) -> "Rules":
        """Return those that are about these options only."""
        return Rules(
            _keep(self.mutually_exclusive, names),
            _keep(self.required_together, names),
            _keep(self.required_one_of, names),
            tuple(r for r in self.required_if if names.issuperset((r.option, *r.needed))),
            {k: v for k, v in self.required_by.items() if names.issuperset((k, *v))},
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One argument, or one of its parts."""

    type: str = "str"
    elements: str | None = None
    is_required: bool = False
    default: Any = None
    choices: tuple[Any, ...] | None = None
    options: Mapping[str, "Option"] | None = None
    description: str = ""
    is_secret: bool = False
    version_added: str = ""
    aliases: tuple[str, ...] = ()
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Spec:
    """The options of one level, and how they depend on each other."""

    options: Mapping[str, Option] = field(default_factory=dict)
    rules: Rules = Rules()


def read_spec(where: str, entry: Mapping[str, Any], warnings: list[str]) -> Spec:
    """Read an entry point of an argument spec; what is wrong with it joins the warnings."""
    return Spec(_read_options(where, entry.get("options"), warnings, 0), _read_rules(entry))


def _read_options(where: str, given: Any, warnings: list[str], depth: int) -> dict[str, Option]:
    if not isinstance(given, dict):
        if given is not None:
            warnings.append(f"{where}: 'options' is no mapping of names to options.")
        return {}
    return {
        str(name): _read_option(f"{where}: {name}", option or {}, warnings, depth)
        for name, option in given.items()
        if isinstance(option, dict | None)
    }


def _read_option(where: str, given: Mapping[str, Any], warnings: list[str], depth: int) -> Option:
    kind = _read_type(where, given.get("type"), "str", warnings)
    elements = None
    if kind == "list" and given.get("elements") is not None:
        elements = _read_type(where, given["elements"], "raw", warnings)
    options = None
    if "dict" in (kind, elements) and given.get("options") is not None and depth < MAX_DEPTH:
        options = _read_options(where, given["options"], warnings, depth + 1)
    return Option(
        type=kind,
        elements=elements,
        is_required=given.get("required") is True,
        default=given.get("default"),
        choices=_read_choices(given.get("choices")),
        options=options,
        description=read_text(given.get("description")),
        is_secret=given.get("no_log") is True,
        version_added=read_text(given.get("version_added")),
        aliases=_read_names(given.get("aliases")),
        rules=_read_rules(given),
    )


def _read_type(where: str, given: Any, fallback: str, warnings: list[str]) -> str:
    if given is None:
        return fallback
    if isinstance(given, str) and given in TYPES:
        return given
    warnings.append(f"{where} has the unknown type '{given}'; its values are not checked.")
    return "raw"


def _read_choices(given: Any) -> tuple[Any, ...] | None:
    return tuple(given) if isinstance(given, list | dict) else None


def read_text(given: Any) -> str:
    """Return a text, which Ansible also takes as a list of paragraphs."""
    if isinstance(given, list):
        return "\n".join(" ".join(str(each).split()) for each in given)
    return " ".join(str(given).split()) if given is not None else ""


def _read_names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    return tuple(str(each) for each in given) if isinstance(given, list) else ()


def _read_rules(given: Mapping[str, Any]) -> Rules:
    by = given.get("required_by")
    return Rules(
        _read_groups(given.get("mutually_exclusive")),
        _read_groups(given.get("required_together")),
        _read_groups(given.get("required_one_of")),
        _read_conditions(given.get("required_if")),
        {str(k): _read_names(v) for k, v in by.items()} if isinstance(by, dict) else {},
    )


def _read_groups(given: Any) -> tuple[tuple[str, ...], ...]:
    """Read lists of names; a plain list of names is one of them."""
    if not isinstance(given, list) or not given:
        return ()
    groups = [given] if all(isinstance(each, str) for each in given) else given
    return tuple(_read_names(group) for group in groups)


_CONDITION_PARTS = 3


def _read_conditions(given: Any) -> tuple[RequiredIf, ...]:
    conditions = given if isinstance(given, list) else []
    return tuple(
        RequiredIf(str(each[0]), each[1], _read_names(each[2]), each[3:4] == [True])
        for each in conditions
        if isinstance(each, list) and len(each) >= _CONDITION_PARTS
    )


def _unite(
    one: tuple[tuple[str, ...], ...], other: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _keep(
    groups: tuple[tuple[str, ...], ...], names: frozenset[str]
) -> tuple[tuple[str, ...], ...]:
    return tuple(group for group in groups if names.issuperset(group))
