# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a verb show its help? As its docstring is written, examples on their own lines."""

import inspect
from typing import Any, Protocol

from typer.core import TyperCommand, TyperGroup


class _Formatter(Protocol):
    def write(self, string: str) -> None: ...


class Verb(TyperCommand):
    """A verb whose help is shown as it is written."""

    def format_help_text(self, ctx: Any, formatter: _Formatter) -> None:
        """Write the help, indented."""
        del ctx
        _write_verbatim(self.help, formatter)


class VerbGroup(TyperGroup):
    """A group of verbs whose help is shown as it is written."""

    def format_help_text(self, ctx: Any, formatter: _Formatter) -> None:
        """Write the help, indented."""
        del ctx
        _write_verbatim(self.help, formatter)


def _write_verbatim(text: str | None, formatter: _Formatter) -> None:
    formatter.write("\n")
    for line in inspect.cleandoc(text or "").splitlines():
        formatter.write(f"  {line}\n" if line else "\n")
