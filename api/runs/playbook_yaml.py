# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a playbook's text say? Read as Ansible reads it, without running any of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.runs.errors import PlaybookInvalidError
from api.templates.content.content_yaml import load_yaml
from api.templates.errors import ContentYamlError

_IMPORT_KEYS = tuple(
    f"{prefix}import_playbook" for prefix in ("", "ansible.builtin.", "ansible.legacy.")
)


@dataclass(frozen=True, slots=True)
class Play:
    """A play: the patterns of its hosts, as written, and the variables that they may use."""

    hosts: tuple[str, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    path: str = field(default="", compare=False)
    body: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The whole play, as it is written."""


@dataclass(frozen=True, slots=True)
class Import:
    """An ``import_playbook``."""

    target: str
    variables: Mapping[str, Any] = field(default_factory=dict)


def parse_playbook(path: str, text: bytes) -> list[Play | Import]:
    """Read a playbook.

    Raises:
        PlaybookInvalidError: it is no YAML, with line and column, or no playbook.
    """
    try:
        entries = load_yaml(path, text)
    except ContentYamlError as error:
        raise PlaybookInvalidError(error.message) from error
    if not isinstance(entries, list) or not entries:
        raise PlaybookInvalidError(
            f"{path} is no playbook: it must be a list of plays, each beginning with '- hosts:'."
        )
    return [_read_entry(path, number, entry) for number, entry in enumerate(entries, start=1)]


def _read_entry(path: str, number: int, entry: Any) -> Play | Import:
    if not isinstance(entry, dict):
        raise PlaybookInvalidError(
            f"{path}: entry {number} is no play. Write '- hosts: PATTERN' and its tasks under it."
        )
    variables = entry.get("vars")
    variables = variables if isinstance(variables, dict) else {}
    for key in _IMPORT_KEYS:
        if isinstance(entry.get(key), str):
            return Import(entry[key], variables)
    hosts = entry.get("hosts")
    patterns = [hosts] if isinstance(hosts, str) else hosts
    if not isinstance(patterns, list) or not patterns:
        raise PlaybookInvalidError(
            f"{path}: entry {number} has neither 'hosts' nor 'import_playbook'. Add one of them."
        )
    return Play(tuple(str(pattern) for pattern in patterns), variables, path, entry)
