# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the README of a role say? Its argument spec, around what only people can say of it."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from pages.markdown import write_table

ROLES = Path(__file__).parents[3] / "collections/ansible_collections/myx/fleet/roles"

BY_HAND = "<!-- What follows is written by hand, up to the next comment. -->"
GENERATED = "<!-- Generated from meta/argument_specs.yml. -->"

# What Ansible's documentation marks: V(value), O(option), C(code), M(module), P(plugin#type).
_MARKUP = re.compile(r"\b[VOCMP]\(([^)]*)\)")

Options = dict[str, dict[str, Any]]


def list_pages() -> dict[str, partial[str]]:
    """Return how the README of each role is rendered, by its path from this reference's folder."""
    roles = sorted(path.parents[1] for path in ROLES.glob("*/meta/argument_specs.yml"))
    folder = Path("../../collections/ansible_collections/myx/fleet/roles")
    return {str(folder / role.name / "README.md"): partial(render, role) for role in roles}


def render(role: Path) -> str:
    """Return the README of a role: what it is, what people say of it, its variables."""
    spec = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    parts = [
        f"# myx.fleet.{role.name}",
        f"{spec['short_description']}.",
        *(_convert(paragraph) for paragraph in spec["description"]),
        f"{BY_HAND}\n\n{_read_what_people_say(role / 'README.md')}\n\n{GENERATED}",
        "## Variables",
        *_write_options(spec["options"]),
    ]
    return "\n\n".join(parts)


def _read_what_people_say(readme: Path) -> str:
    text = readme.read_text()
    between = re.fullmatch(f".*{BY_HAND}(.*){GENERATED}.*", text, re.DOTALL)
    if not between:
        message = f"{readme}: what is written by hand stands between {BY_HAND} and {GENERATED}"
        raise ValueError(message)
    return between[1].strip()


def _write_options(options: Options, within: str = "") -> Iterator[str]:
    """Yield the table of some options, and behind it those of options within them."""
    if within:
        yield f"### Keys of `{within}`"
    yield write_table(
        ["variable" if not within else "key", "type", "default", "meaning"],
        [(f"`{name}`", *_describe(option)) for name, option in options.items()],
    )
    for name, option in options.items():
        if "options" in option:
            path = f"{within}.{name}" if within else name
            is_list = option["type"] == "list"
            yield from _write_options(option["options"], f"{path}[]" if is_list else path)


def _describe(option: dict[str, Any]) -> tuple[str, str, str]:
    """Return type, default and meaning of an option."""
    kind = f"list of {option['elements']}" if option["type"] == "list" else option["type"]
    told = option["description"]
    meaning = " ".join(told) if isinstance(told, list) else told
    if "choices" in option:
        meaning += f" One of {', '.join(f'V({each})' for each in option['choices'])}."
    if option.get("no_log"):
        meaning += " It is a secret."
    return kind, _tell_default(option), _convert(meaning)


def _tell_default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    default = option["default"]
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`" if text else "empty"


def _convert(text: str) -> str:
    return _MARKUP.sub(lambda found: f"`{found[1].removesuffix('#role')}`", text)
