# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles understand numbers and truth values as texts, as forms and ``-e NAME=VALUE`` send them.

Ansible checks ``"443"`` against an argument spec and leaves it a text; ``"false"`` then is true.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from jinja2 import nodes

ROOT = Path(__file__).parents[3]
ROLES = sorted(
    path.parents[1]
    for pattern in ("roles/*", "collections/ansible_collections/*/*/roles/*")
    for path in ROOT.glob(f"{pattern}/meta/argument_specs.yml")
)
CASTS = {"int": {"int", "float", "string"}, "float": {"float", "int", "string"}, "bool": {"bool"}}

CONDITIONS = {"when", "until", "failed_when", "changed_when", "that"}
"""What is an expression without braces."""


def list_uses(source: str, names: dict[str, str]) -> Iterator[tuple[str, nodes.Node]]:
    """Yield each use of one of the variables, with what is made of it."""
    tree = jinja2.Environment(autoescape=True).parse(source)
    for parent in tree.find_all(nodes.Node):
        for child in parent.iter_child_nodes():
            if isinstance(child, nodes.Name) and child.name in names and child.ctx == "load":
                yield child.name, parent


def list_sources(value: Any, key: str = "") -> Iterator[str]:
    """Yield each template of a task file."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from list_sources(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from list_sources(each, key)
    elif isinstance(value, str) and key in CONDITIONS:
        yield f"{{{{ ({value}) }}}}"
    elif isinstance(value, str) and "{{" in value:
        yield value


def list_templates(role: Path) -> Iterator[tuple[Path, str]]:
    """Yield the templates of a role, those in its task files too."""
    for folder in ("tasks", "handlers", "vars"):
        for path in role.glob(f"{folder}/**/*.yml"):
            for source in list_sources(yaml.safe_load(path.read_text())):
                yield path, source
    for path in role.glob("templates/**/*.j2"):
        yield path, path.read_text()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_numbers_and_truth_values_are_cast_where_they_are_used(role: Path) -> None:
    """Each use goes through the filter of its type; in plain text a number is itself."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    kinds = {
        name: option["type"]
        for spec in specs.values()
        for name, option in spec.get("options", {}).items()
        if option["type"] in CASTS
    }
    uncast = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, source in list_templates(role)
        for name, parent in list_uses(source, kinds)
        if not (isinstance(parent, nodes.Filter) and parent.name in CASTS[kinds[name]])
        and not (isinstance(parent, nodes.Output) and kinds[name] != "bool")
    ]
    assert not uncast, f"put a filter behind these, for example '| bool': {uncast}"
