# SPDX-License-Identifier: GPL-3.0-or-later
"""How does JSON Schema (2020-12) say what a template takes? For forms and for other programs.

It describes values as they are after conversion: who fills in a form sends ``443``, not ``"443"``.
Whatever it accepts, a run accepts.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from api.templates.arguments import get_element, is_expression, must_be_given
from api.templates.conversion import DoesNotFitError, convert_value
from api.templates.options import Option, RequiredIf, Rules, Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Mapping[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "path": {"type": "string"},
    "json": {"type": "string"},
    "jsonarg": {"type": "string"},
    "int": {"type": "integer"},
    "bytes": {"type": "integer", "minimum": 0},
    "bits": {"type": "integer", "minimum": 0},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list": {"type": "array"},
    "dict": {"type": "object"},
    "raw": {},
}

_NULL = {"type": "null"}


def build_schema(spec: Spec, title: str) -> dict[str, Any]:
    """Describe the variables of a run; others than these are allowed."""
    return {"$schema": DIALECT, "title": title, **_describe_level(spec)}


def _describe_level(spec: Spec) -> dict[str, Any]:
    level: dict[str, Any] = {
        "type": "object",
        "properties": {name: _describe(option) for name, option in spec.options.items()},
    }
    required = [name for name, option in spec.options.items() if must_be_given(option)]
    if required:
        level["required"] = required
    conditions = list(_describe_rules(spec))
    if conditions:
        level["allOf"] = conditions
    return level


def _describe(option: Option) -> dict[str, Any]:
    schema = _describe_value(option)
    if not option.is_required and option.default is None and option.choices is None:
        schema = _allow_null(schema)
    if option.description:
        schema["description"] = option.description
    if option.is_secret:
        schema |= {"writeOnly": True, **({"format": "password"} if _is_text(option) else {})}
    elif option.default is not None:
        schema |= _describe_default(option)
    return schema


def _describe_value(option: Option) -> dict[str, Any]:
    if option.type == "list":
        schema: dict[str, Any] = {"type": "array"}
        if option.elements is not None or option.choices is not None:
            schema["items"] = _describe_value(get_element(option))
        return schema
    if option.choices is not None:
        return {"enum": _list_choices(option)}
    if option.type == "dict" and option.options is not None:
        level = _describe_level(Spec(option.options, option.rules))
        return {**level, "additionalProperties": False}
    return dict(_TYPES[option.type])


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    return {**schema, "type": [kind, "null"]} if kind else schema


def _list_choices(option: Option) -> list[Any]:
    """Return the choices as conversion makes them; one that it refuses can never be given."""
    values: list[Any] = []
    for choice in option.choices or ():
        try:
            value = convert_value(option, choice)
        except DoesNotFitError:
            continue
        if value not in values:
            values.append(value)
    return values


def _describe_default(option: Option) -> dict[str, Any]:
    if is_expression(option.default):
        return {"x-default-expression": option.default}
    try:
        return {"default": convert_value(option, option.default)}
    except DoesNotFitError:
        return {}


def _is_text(option: Option) -> bool:
    return _TYPES[option.type].get("type") == "string" and option.choices is None


def _describe_rules(spec: Spec) -> Iterable[dict[str, Any]]:
    rules, options = spec.rules, spec.options
    for names in rules.mutually_exclusive:
        for number, name in enumerate(names):
            for other in names[number + 1 :]:
                yield {"not": {"required": [name, other]}}
    for names in rules.required_together:
        yield from _describe_together(names, options)
    for names in rules.required_one_of:
        if not any(_has_default(options, name) for name in names):
            yield {"anyOf": [{"required": [name]} for name in names]}
    for rule in rules.required_if:
        yield from _describe_condition(rule, options)
    yield from _describe_required_by(rules, options)


def _describe_together(
    names: tuple[str, ...], options: Mapping[str, Option]
) -> Iterable[dict[str, Any]]:
    bare = [name for name in names if not _has_default(options, name)]
    if len(bare) < len(names):
        if bare:
            yield {"required": bare}
        return
    yield {"dependentRequired": {name: [each for each in bare if each != name] for name in bare}}


def _describe_condition(
    rule: RequiredIf, options: Mapping[str, Option]
) -> Iterable[dict[str, Any]]:
    bare = [name for name in rule.needed if not _has_default(options, name)]
    if not bare or (rule.one_is_enough and len(bare) < len(rule.needed)):
        return
    met: dict[str, Any] = {"properties": {rule.option: {"const": rule.value}}}
    if not _is_default(options, rule.option, rule.value):
        met["required"] = [rule.option]
    if rule.one_is_enough:
        yield {"if": met, "then": {"anyOf": [{"required": [name]} for name in bare]}}
    else:
        yield {"if": met, "then": {"required": bare}}


def _describe_required_by(rules: Rules, options: Mapping[str, Option]) -> Iterable[dict[str, Any]]:
    for name, needed in rules.required_by.items():
        bare = [each for each in needed if not _has_default(options, each)]
        if not bare:
            continue
        given: dict[str, Any] = {"properties": {name: {"not": _NULL}}}
        if not _has_default(options, name):
            given["required"] = [name]
        present = {"required": bare, "properties": {each: {"not": _NULL} for each in bare}}
        yield {"if": given, "then": present}


def _has_default(options: Mapping[str, Option], name: str) -> bool:
    return name in options and options[name].default is not None


def _is_default(options: Mapping[str, Option], name: str, value: Any) -> bool:
    return _has_default(options, name) and bool(options[name].default == value)
