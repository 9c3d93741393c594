# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about templates: ``list`` and ``show``."""

import json
import re
from enum import StrEnum
from typing import Annotated, Any

import typer

from api.cli.arguments.playbook_options import Content
from api.cli.commands.runs import send_content
from api.cli.remote.client import open_client, quote_name
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_fields, print_json, print_table
from api.cli.watching.outcome import ExitCode

Json = dict[str, Any]


class Program(StrEnum):
    """Whose forms can be printed."""

    AWX = "awx"
    SEMAPHORE = "semaphore"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_templates(
    *,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only with this in name or description."),
    ] = None,
    content: Content = None,
    as_json: AsJson = False,
) -> int:
    """List the playbooks of the content.

    Example:
      myx template list --search caddy
    """
    client = open_client()
    query: Json = {"search": search, **send_content(client, content)}
    templates = list(client.list_all("/templates", **query))
    if as_json:
        print_json(templates)
        return ExitCode.SUCCESSFUL
    head = ("NAME", "HOSTS", "TITLE", "PLAYBOOK")
    print_table(head, [_tell_row(template) for template in templates])
    return ExitCode.SUCCESSFUL


def show_template(
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the template, or path of its playbook.")
    ],
    survey: Annotated[
        Program | None,
        typer.Option("--survey", help="Print the form for the variables, as AWX or Semaphore."),
    ] = None,
    content: Content = None,
    as_json: AsJson = False,
) -> int:
    """Show a template and the variables that it takes.

    Give them to 'myx run' with -e. They are checked before anything starts.

    Examples:
      myx template show deploy_caddy
      myx template show deploy_caddy --json | jq .arguments_schema
      myx template show deploy_caddy --survey awx
    """
    client = open_client()
    template = client.get(f"/templates/{quote_name(name)}", **send_content(client, content))
    if survey is not None:
        return _print_survey(template["surveys"], survey)
    if as_json:
        print_json(template)
        return ExitCode.SUCCESSFUL
    _print_template(template)
    return ExitCode.SUCCESSFUL


def _print_template(template: Json) -> None:
    print_fields(
        [
            ("name", template["name"]),
            ("playbook", template["playbook"]),
            ("title", template["title"]),
            ("hosts", ", ".join(template["hosts"])),
            ("tags", ", ".join(template["tags"])),
            ("error", template["error"] or ""),
            ("description", " ".join(template["description"].split())),
        ]
    )
    if template["arguments"]:
        print_fields([("", "")])
        head = ("ARGUMENT", "TYPE", "DEFAULT", "DESCRIPTION")
        print_table(head, [_tell_argument(argument) for argument in template["arguments"]])
    for warning in template["warnings"]:
        say(f"Warning: {warning}")


def _print_survey(surveys: Json, program: Program) -> int:
    print_json(surveys[program.value])
    if surveys["left_out"]:
        names = ", ".join(surveys["left_out"])
        say(f"No form can ask for {names}: set them in the inventory or as extra variables.")
    return ExitCode.SUCCESSFUL


def _tell_row(template: Json) -> tuple[str, ...]:
    title = f"cannot be read: {template['error']}" if template["error"] else template["title"]
    return template["name"], ", ".join(template["hosts"]), title, template["playbook"]


def _tell_argument(argument: Json) -> tuple[str, ...]:
    kind = argument["type"]
    if argument["elements"]:
        kind += f" of {argument['elements']}"
    if argument["choices"] is not None:
        kind = "|".join(map(str, argument["choices"]))
    if argument["secret"]:
        kind += ", secret"
    return argument["name"], kind, _tell_default(argument), _tell_description(argument)


def _tell_default(argument: Json) -> str:
    if argument["required"]:
        return "required"
    default = argument["default"]
    if isinstance(default, str):
        return default
    return "" if default is None else json.dumps(default, ensure_ascii=False)


def _tell_description(argument: Json) -> str:
    """Return the first sentence, without Ansible's marks: ``V(present)`` is 'present'."""
    lines = argument["description"].splitlines() or [""]
    plain = re.sub(r"\b[A-Z]+\(([^)]*)\)", r"\1", lines[0])
    return re.split(r"(?<=\.)\s", plain, maxsplit=1)[0]
