# SPDX-License-Identifier: GPL-3.0-or-later
"""Which command lines run a module written in Python, and what exactly would they run?

Ansible's shell plugins build them. A command is taken for a module only if it is, character by
character, what they write: whatever a shell could understand in another way is left to the shell.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

_BECOME_MARK = "BECOME-SUCCESS-"
_FILE_MARK = "AnsiballZ_"
_ASYNC_MARK = "async_wrapper.py"
_STAY = " && sleep 0"
_ABSOLUTE = re.compile(r"(?:/[\w.+-]+)+")
_VARIABLE = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL | re.ASCII)


class ModuleCommand(NamedTuple):
    """One module to run.

    Attributes:
        shell: the shell that was to start it.
        interpreter: the absolute path of the Python that it is for.
        variables: what is set for it alone.
        path: the file of its payload; None where the payload is the interpreter's input.
        shell_stays: whether the command has the shell outlive the module in any case.
    """

    shell: str
    interpreter: str
    variables: dict[str, str]
    path: str | None
    shell_stays: bool


class NotUnderstoodError(Exception):
    """It runs a module, in a way that has to be the stock one; the text is the reason."""


def recognize_module(command: str, *, has_input: bool) -> ModuleCommand | None:
    """Return which module a command runs, or None where it is any other command.

    Args:
        command: what the connection is to run.
        has_input: whether it gets input, which for modules is their payload.

    Raises:
        NotUnderstoodError: it runs a module that is not for us.
    """
    if not has_input and _FILE_MARK not in command:
        return None
    if _BECOME_MARK in command:
        raise NotUnderstoodError("become")
    try:
        shell, flag, inner = shlex.split(command)
        words = shlex.split(inner.removesuffix(_STAY))
    except ValueError as error:
        raise NotUnderstoodError("command") from error
    variables = _take_variables(words)
    if not has_input and not words[0].startswith("/"):
        return None  # chmod and its like, which prepare a module's file
    if _ASYNC_MARK in command:
        raise NotUnderstoodError("async")
    if not words[0].rpartition("/")[2].startswith("python"):
        raise NotUnderstoodError("not_python")
    path = words[1] if len(words) > 1 else None
    found = ModuleCommand(shell, words[0], variables, path, inner.endswith(_STAY))
    is_exact = flag == "-c" and len(words) == (1 if has_input else 2) and _compose(found) == inner
    if not is_exact or not all(map(_ABSOLUTE.fullmatch, (shell, found.interpreter))):
        raise NotUnderstoodError("command")
    return found


def _take_variables(words: list[str]) -> dict[str, str]:
    """Remove the settings that stand before a program, and return them."""
    variables: dict[str, str] = {}
    while len(words) > 1 and (setting := _VARIABLE.fullmatch(words[0])):
        variables[setting[1]] = setting[2]
        del words[0]
    return variables


def _compose(module: ModuleCommand) -> str:
    """Return the command as Ansible writes it, to compare."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in module.variables.items()]
    program = shlex.join(word for word in (module.interpreter, module.path) if word)
    return " ".join([*settings, program]) + (_STAY if module.shell_stays else "")
