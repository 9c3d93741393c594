# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a YAML file of the content say? Plain values, within limits; nothing of it is run."""

from typing import Any

import yaml

from api.templates.errors import ContentYamlError

MAX_VALUES = 100_000
"""Values in a file, with those that aliases repeat: an alias of an alias multiplies."""


class ContentLoader(yaml.SafeLoader):
    """YAML without objects, and with Ansible's own tags.

    Not libyaml's: that one has no guard against deep nesting.
    """

    _merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Take in what ``<<`` merges, which multiplies like aliases, and before it can be counted.

        Raises:
            YAMLError: that is too much.
        """
        before = len(node.value)
        super().flatten_mapping(node)
        self._merged += len(node.value) - before
        if self._merged > MAX_VALUES:
            raise yaml.YAMLError(f"it merges more than {MAX_VALUES} values")


def _construct_plain(loader: ContentLoader, node: yaml.Node) -> Any:
    """Take what a tag marks as the plain value it is for us: it is only ever looked at."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


for _tag in ("!vault", "!vault-encrypted", "!unsafe"):
    ContentLoader.add_constructor(_tag, _construct_plain)


def load_yaml(path: str, text: bytes) -> Any:
    """Read a file.

    Raises:
        ContentYamlError: it is no YAML, with line and column, or holds too much.
    """
    try:
        value = yaml.load(text, Loader=ContentLoader)  # noqa: S506 - derived from SafeLoader
        size = _measure(value, {}, set())
    except yaml.MarkedYAMLError as error:
        raise ContentYamlError(_describe(path, error)) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ContentYamlError(f"{path} is not YAML: {error}. Correct the file.") from error
    if size > MAX_VALUES:
        raise ContentYamlError(f"{path} holds more than {MAX_VALUES} values. Split the file.")
    return value


def _measure(value: Any, known: dict[int, int], open_ids: set[int]) -> int:
    """Count the values in it; what aliases share is walked once and counted each time."""
    if not isinstance(value, dict | list):
        return 1
    key = id(value)
    if key in open_ids:
        raise ValueError("an anchor holds itself")
    if key not in known:
        open_ids.add(key)
        members = value.values() if isinstance(value, dict) else value
        known[key] = 1 + sum(_measure(member, known, open_ids) for member in members)
        open_ids.discard(key)
    return known[key]


def _describe(path: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{path}{place}: {error.problem or error.context or 'not YAML'}. Correct the file."
