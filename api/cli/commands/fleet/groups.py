# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about groups: ``add``, ``list``, ``show``, ``set``, ``remove``."""

import json
from typing import Annotated

import typer

from api.cli.arguments.change_options import (
    Children,
    Description,
    Hosts,
    NotChildren,
    NotHosts,
    SecretVariables,
    UnsetVariables,
    given,
    read_secrets,
)
from api.cli.arguments.options import Variables
from api.cli.arguments.variables import parse_variables
from api.cli.commands.fleet.changes import Edit, Json, change_all
from api.cli.remote.client import open_client, quote_name
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_fields, print_json, print_table
from api.cli.watching.outcome import ExitCode

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the group.")]


def add_group(
    *,
    name: Name,
    children: Children = None,
    variables: Variables = None,
    secret_variables: SecretVariables = None,
    description: Description = None,
) -> int:
    """Add a group. A group that a host names is added by itself.

    Examples:
      myx group add web --var http_port=80 --description 'Web servers'
      myx group add servers --child web --child db
    """
    fields = {
        **given(name=name, children=children, description=description),
        "variables": parse_variables(variables or (), "--var"),
        **read_secrets(secret_variables),
    }
    group = open_client().post("/groups", fields)
    say(f"Added the group {group['name']}.")
    _warn(group)
    return ExitCode.SUCCESSFUL


def list_groups(
    *,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only with this in name or description."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> int:
    """List groups, with how many hosts are directly in each.

    Example:
      myx group list
    """
    groups = list(open_client().list_all("/groups", search=search))
    if as_json:
        print_json(groups)
        return ExitCode.SUCCESSFUL
    head = ("NAME", "HOSTS", "GROUPS IN IT", "VARIABLES", "DESCRIPTION")
    print_table(head, [_tell_row(group) for group in groups])
    return ExitCode.SUCCESSFUL


def show_group(
    *,
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
) -> int:
    """Show a group.

    Example:
      myx group show web
    """
    group = open_client().get(f"/groups/{quote_name(name)}")
    if as_json:
        print_json(group)
        return ExitCode.SUCCESSFUL
    print_fields(
        [
            ("name", group["name"]),
            ("description", group["description"]),
            ("hosts in it", _tell_count(group)),
            ("groups in it", ", ".join(group["children"])),
            ("is in", ", ".join(group["parents"])),
            (
                "variables",
                json.dumps(group["variables"], ensure_ascii=False) if group["variables"] else "",
            ),
            ("secret variables", ", ".join(group["secret_variables"])),
        ]
    )
    _warn(group)
    return ExitCode.SUCCESSFUL


def set_group(  # noqa: PLR0913 - an option each
    *,
    name: Name,
    children: Children = None,
    not_children: NotChildren = None,
    hosts: Hosts = None,
    not_hosts: NotHosts = None,
    variables: Variables = None,
    unset_variables: UnsetVariables = None,
    secret_variables: SecretVariables = None,
    description: Description = None,
) -> int:
    """Change a group: who is in it, variables, description; the rest stays.

    The groups 'all' and 'ungrouped' are Ansible's own and have variables only.

    Examples:
      myx group set web --host web1 --host web2 --var http_port=8080
      myx group set servers --child cache --not-child db
      myx group set all --var ntp_server=ntp.example.org
    """
    fields = {
        **given(description=description, add_hosts=hosts, remove_hosts=not_hosts),
        **read_secrets(secret_variables),
    }
    edits = {
        "children": Edit(children, not_children),
        "variables": Edit(parse_variables(variables or (), "--var"), unset_variables),
    }
    return change_all("/groups", [name], fields, edits)


def remove_group(
    *,
    name: Name,
    detach: Annotated[
        bool, typer.Option("--detach", help="Also where hosts or groups are in it; they stay.")
    ] = False,
) -> int:
    """Remove a group. Hosts are never removed with it.

    Example:
      myx group remove old-web --detach
    """
    open_client().delete(f"/groups/{quote_name(name)}", detach=detach)
    say(f"Removed the group {name}.")
    return ExitCode.SUCCESSFUL


def _tell_row(group: Json) -> tuple[str, ...]:
    names = [*group["variables"], *group["secret_variables"]]
    return (
        group["name"],
        _tell_count(group),
        ",".join(group["children"]),
        ",".join(sorted(names)),
        group["description"],
    )


def _tell_count(group: Json) -> str:
    return "" if group["hosts_count"] is None else str(group["hosts_count"])


def _warn(group: Json) -> None:
    for warning in group["warnings"]:
        say(f"Warning: {warning}.")
