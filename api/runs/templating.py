# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts does a templated pattern name? Rendered where that is plain looking-up.

A playbook is somebody else's text and must not be run here. Only expressions that look up and
combine the variables at hand are evaluated, in Jinja's sandbox, with nothing that can loop, call
or multiply; everything else is left to Ansible on the host.
"""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_LENGTH = 4096
"""A pattern above this is not rendered here."""

_HARMLESS_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Keyword,
)
_HARMLESS_FILTERS = frozenset({"default", "d", "lower", "upper", "trim", "join", "first", "last"})

_LONE_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\{\{|\}\}).)*)\}\}\s*", re.DOTALL)

_environment = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
)


class CannotRenderError(Exception):
    """Only Ansible on the host can tell what the template becomes."""


def is_template(text: str) -> bool:
    """Say whether there is something to render."""
    return "{{" in text or "{%" in text


def render_pattern(template: str, variables: Mapping[str, Any]) -> str:
    """Render a pattern; a list becomes its members joined as Ansible joins patterns.

    Raises:
        CannotRenderError: it needs more than the variables at hand.
    """
    if not is_template(template):
        return template
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise CannotRenderError
    try:
        if not all(
            _is_harmless(node) for node in _environment.parse(template).find_all(nodes.Node)
        ):
            raise CannotRenderError
        value = _evaluate(template, variables)
        rendered = ":".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    except (TemplateError, TypeError, ValueError, AttributeError) as error:
        raise CannotRenderError from error
    if is_template(rendered):
        raise CannotRenderError
    return rendered


def _evaluate(template: str, variables: Mapping[str, Any]) -> Any:
    """Return the value of a lone expression as it is, and of anything else its text."""
    lone = _LONE_EXPRESSION.fullmatch(template)
    if lone is None:
        return _environment.from_string(template).render(variables)
    return _environment.compile_expression(lone[1], undefined_to_none=False)(**variables)


def _is_harmless(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in _HARMLESS_FILTERS
    return isinstance(node, _HARMLESS_NODES)
