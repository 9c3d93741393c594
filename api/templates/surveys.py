# SPDX-License-Identifier: GPL-3.0-or-later
"""Which forms do AWX and Semaphore show for a template? Both made from its arguments.

A form knows texts, numbers and choices; lists of mappings and the like are left out, and belong
into the inventory. An empty field is sent as an empty text, or not at all, so options without a
value that a form can show are left out too, unless they are required.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.templates.arguments import is_expression, must_be_given
from api.templates.conversion import DoesNotFitError, convert_value
from api.templates.options import Option, Spec

_KINDS = {
    "str": "text",
    "path": "text",
    "bytes": "text",
    "bits": "text",
    "json": "text",
    "int": "integer",
    "float": "float",
    "bool": "multiplechoice",
}
"""AWX's word for the field of each type that a form knows."""

_SEMAPHORE_TYPES = {"integer": "int", "multiplechoice": "enum", "password": "secret"}
"""Semaphore's words; any other field is a text, which has none."""

_BOOLEANS = ("true", "false")

_MARK = re.compile(r"\b[A-Z]+\(([^)]*)\)")
"""Ansible's marks in descriptions: ``V(present)`` is read as 'present'."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form."""

    variable: str
    kind: str
    text: str
    is_required: bool
    default: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked, and which arguments no form can ask for."""

    questions: tuple[Question, ...]
    left_out: tuple[str, ...]


def build_form(spec: Spec) -> Form:
    """Make questions of the options of a template."""
    asked = {name: _ask(name, option) for name, option in spec.options.items()}
    return Form(
        tuple(question for question in asked.values() if question is not None),
        tuple(name for name, question in asked.items() if question is None),
    )


def describe_for_awx(form: Form, title: str) -> dict[str, Any]:
    """Return the ``survey_spec`` of a job template."""
    spec = [_describe_for_awx(question) for question in form.questions]
    return {"name": title, "description": "", "spec": spec}


def describe_for_semaphore(form: Form) -> list[dict[str, Any]]:
    """Return the ``survey_vars`` of a task template.

    They have no defaults: releases of Semaphore differ in how a backup holds them. What is left
    empty is not sent, so the role's own default holds.
    """
    return [question for asked in form.questions for question in _describe_for_semaphore(asked)]


def _ask(name: str, option: Option) -> Question | None:
    required = must_be_given(option)
    kind = _choose_kind(option)
    default = None if option.is_secret else _show_default(option, kind)
    if kind is None or not (required or default is not None or option.default == ""):
        return None
    text = _MARK.sub(r"\1", option.description.split("\n", maxsplit=1)[0])
    return Question(name, kind, text, required, default, tuple(_list_choices(option)))


def _choose_kind(option: Option) -> str | None:
    if option.type == "list":
        return "multiselect" if option.choices is not None else None
    if option.is_secret:
        return "password" if _KINDS.get(option.type) == "text" else None
    if option.choices is not None:
        return "multiplechoice"
    return _KINDS.get(option.type)


def _list_choices(option: Option) -> Iterator[str]:
    if option.type == "bool":
        yield from _BOOLEANS
    else:
        yield from (str(choice) for choice in option.choices or ())


def _show_default(option: Option, kind: str | None) -> Any:
    """Return the default as the field has it; None where the field stays empty."""
    if kind is None or option.default in (None, "") or is_expression(option.default):
        return None
    try:
        value = convert_value(option, option.default)
    except DoesNotFitError:
        return None
    if isinstance(value, bool):
        return _BOOLEANS[0] if value else _BOOLEANS[1]
    if kind == "multiselect":
        return "\n".join(map(str, value))
    return value if kind in {"integer", "float"} else str(value)


def _describe_for_awx(question: Question) -> dict[str, Any]:
    described: dict[str, Any] = {
        "variable": question.variable,
        "question_name": question.variable,
        "question_description": question.text,
        "required": question.is_required,
        "type": question.kind,
        "choices": list(question.choices),
        "min": None,
        "max": None,
    }
    # A default of "" would be sent, and stand above what the inventory says.
    if question.default is not None:
        described["default"] = question.default
    return described


def _describe_for_semaphore(question: Question) -> Iterator[dict[str, Any]]:
    if question.kind == "multiselect":
        return
    shown = "" if question.default is None else f" Default: {question.default}"
    described: dict[str, Any] = {
        "name": question.variable,
        "title": question.variable,
        "description": f"{question.text}{shown}".strip(),
        "type": _SEMAPHORE_TYPES.get(question.kind, ""),
        "required": question.is_required,
    }
    if question.choices:
        described["values"] = [{"name": each, "value": each} for each in question.choices]
    yield described
