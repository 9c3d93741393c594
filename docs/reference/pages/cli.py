# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be typed? From the command line's own definitions."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from api.cli import app
from pages.markdown import unwrap, write_code, write_table

_EXIT_CODES = """## Exit codes

| code | meaning |
| --- | --- |
| 0 | everything asked for was done; all hosts were successful |
| 1 | it could not be done; one or two lines on standard error name the cause and the remedy |
| 2 | a host failed, timed out, was canceled or lost |
| 4 | a host could not be reached, and none failed |
| 130 | Ctrl-C; what runs goes on, and the command to follow it is printed |
"""

_BLANK_LINES = re.compile(r"\n\s*\n")

# Typer's commands are of a class that it keeps to itself.
Command = Any
Context = Any


def render() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    listed = _walk(typer.Context(root, info_name="myx"))
    sections = [_write_command(context) for context in listed]
    return "\n\n".join(["# Command line", _write_help(root.help), _EXIT_CODES, *sections])


def _walk(context: Context) -> Iterator[Context]:
    """Yield each command that does something, in the order of the help."""
    group = context.command
    if not hasattr(group, "list_commands"):
        yield context
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if not command.hidden:
            yield from _walk(typer.Context(command, info_name=name, parent=context))


def _write_command(context: Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"## {context.command_path}", f"```text\n{usage}\n```", _write_help(command.help)]
    shown = [parameter for parameter in command.params if not parameter.hidden]
    records = [parameter.get_help_record(context) for parameter in shown]
    if records:
        rows = [(write_code(names), meaning) for names, meaning in records]
        parts.append(write_table(["argument or option", "meaning"], rows))
    return "\n\n".join(parts)


def _write_help(text: str | None) -> str:
    """Write prose as paragraphs, and what is indented below a title as it stands."""
    paragraphs = _BLANK_LINES.split((text or "").replace("\b", "").strip())
    return "\n\n".join(_write_paragraph(paragraph.strip("\n")) for paragraph in paragraphs)


def _write_paragraph(paragraph: str) -> str:
    title, _, rest = paragraph.partition("\n")
    if title.endswith(":") and rest.startswith("  "):
        return f"{title.strip()}\n\n```text\n{rest}\n```"
    return unwrap(paragraph)
