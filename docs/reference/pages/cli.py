# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be typed? From the command line's own definitions."""

from collections.abc import Iterator

import click
import typer
from api.cli import app

from pages.markdown import unwrap, write_code, write_table

_EXIT_CODES = """## Exit codes

| code | meaning |
|---|---|
| 0 | everything asked for was done; all hosts were successful |
| 1 | it could not be done; one or two lines on standard error name the cause and the remedy |
| 2 | a host failed, or the command line was wrong |
| 4 | a host could not be reached |
| 130 | Ctrl-C; what runs goes on, and the command to follow it is printed |
"""


def render() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    context = click.Context(root, info_name="myx")
    sections = [_write_command(command) for command in _walk(context)]
    return "\n\n".join([f"# Command line\n\n{unwrap(root.help)}", _EXIT_CODES, *sections])


def _walk(context: click.Context) -> Iterator[click.Context]:
    """Yield each command that does something, in the order of the help."""
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None and not child.hidden:
            yield from _walk(click.Context(child, info_name=name, parent=context))


def _write_command(context: click.Context) -> str:
    usage = " ".join(context.command.collect_usage_pieces(context))
    parts = [
        f"## {context.command_path}",
        f"```\n{context.command_path} {usage}\n```",
        unwrap(context.command.help),
    ]
    options = [o for o in context.command.params if not getattr(o, "hidden", False)]
    rows = [_tell_parameter(option, context) for option in options]
    if rows:
        parts.append(write_table(["argument or option", "default", "meaning"], rows))
    return "\n\n".join(part for part in parts if part)


def _tell_parameter(parameter: click.Parameter, context: click.Context) -> tuple[str, str, str]:
    meaning = str(getattr(parameter, "help", None) or "")
    if not isinstance(parameter, click.Option):
        return write_code(parameter.make_metavar(context)), "", meaning
    names = "/".join([*parameter.opts, *parameter.secondary_opts])
    metavar = "" if parameter.is_flag or parameter.count else f" {parameter.make_metavar(context)}"
    default = parameter.default if parameter.show_default and not parameter.is_flag else None
    return write_code(f"{names}{metavar}"), write_code(default), meaning
