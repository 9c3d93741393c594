# SPDX-License-Identifier: GPL-3.0-or-later
"""What do ``-e`` and ``--var`` mean? The same as for ``ansible-playbook -e``.

``KEY=VALUE`` pairs (values are text), JSON or YAML that begins with ``{``, or ``@FILE`` with
either. Several are merged in order, a later one wins.
"""

import datetime as dt
import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from api.cli.errors import UsageError


def parse_variables(arguments: Iterable[str], option: str = "-e") -> dict[str, Any]:
    """Merge what several ``-e`` say.

    Raises:
        UsageError: names the argument that does not fit.
    """
    merged: dict[str, Any] = {}
    for argument in arguments:
        merged.update(_parse_argument(argument, f"{option} '{_shorten(argument)}'"))
    return merged


def read_variables(file: Path, option: str) -> dict[str, Any]:
    """Read variables from a file, or where it is ``-`` from standard input.

    Raises:
        UsageError: it cannot be read, or holds something else.
    """
    if str(file) != "-":
        return _parse_file(file, f"{option} {file}")
    return _parse_structure(sys.stdin.read(), f"{option} -")


def parse_labels(arguments: Iterable[str]) -> dict[str, str]:
    """Read labels that are to be set.

    Raises:
        UsageError: names the one that is not KEY=VALUE.
    """
    pairs = [argument.partition("=") for argument in arguments]
    wrong = next((key for key, equals, _value in pairs if not equals), None)
    if wrong is not None:
        raise UsageError(f"--label '{wrong}' is not KEY=VALUE.")
    return {key: value for key, _equals, value in pairs}


def _parse_argument(argument: str, place: str) -> dict[str, Any]:
    if argument.startswith("@"):
        return _parse_file(Path(argument[1:]), place)
    if argument.lstrip()[:1] in {"{", "["}:
        return _parse_structure(argument, place)
    return _parse_pairs(argument, place)


def _parse_pairs(argument: str, place: str) -> dict[str, Any]:
    try:
        words = shlex.split(argument)
    except ValueError as error:
        raise UsageError(f"{place} does not fit: a quote is not closed.") from error
    pairs = [word.partition("=") for word in words]
    if not pairs or any(not key or not equals for key, equals, _value in pairs):
        raise UsageError(f"{place} is not KEY=VALUE, JSON such as '{{\"a\": 1}}', or @FILE.")
    return {key: value for key, _equals, value in pairs}


def _parse_file(path: Path, place: str) -> dict[str, Any]:
    try:
        text = path.expanduser().read_text()
    except UnicodeDecodeError as error:
        raise UsageError(f"{place}: the file is not UTF-8 text.") from error
    except OSError as error:
        raise UsageError(f"{place}: {path} cannot be read: {error.strerror}.") from error
    return _parse_structure(text, place)


def _parse_structure(text: str, place: str) -> dict[str, Any]:
    value = _load(text, place)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{place} must hold variables by name: a JSON object or a YAML mapping.")
    try:
        # What travels is JSON; dates are text there, as they are in Ansible's own JSON.
        plain: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{place} holds a value that JSON cannot carry: {error}.") from error
    return plain


def _load(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        import yaml  # noqa: PLC0415 - 60 ms that few commands need
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{place} is neither JSON nor YAML: {_tell(error)}.") from error


def _tell(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")


def _shorten(argument: str) -> str:
    """Name an argument without its values: one of them may be a secret."""
    if argument.startswith("@"):
        return argument
    key, equals, _value = argument.partition("=")
    if argument.lstrip()[:1] in {"{", "["}:
        return f"{argument.lstrip()[:1]}..."
    return f"{key}=..." if equals else argument
