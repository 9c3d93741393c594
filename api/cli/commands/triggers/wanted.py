# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options say what a trigger runs?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.options import one_limit
from api.cli.arguments.variables import parse_variables, read_variables
from api.cli.errors import UsageError

Playbook = Annotated[
    str | None, typer.Option("--playbook", "-p", metavar="P", help="Run this playbook.")
]
Command = Annotated[
    list[str] | None,
    typer.Argument(metavar="[COMMAND]", help="Or run this program, behind --."),
]
RunFile = Annotated[
    Path | None,
    typer.Option(
        "--run",
        metavar="FILE",
        help="Or run what this file says: the body of POST /runs as JSON or YAML.",
    ),
]
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def build_run(
    playbook: str | None,
    command: list[str] | None,
    run_file: Path | None,
    limit: list[str] | None,
    extra_vars: list[str] | None,
) -> dict[str, Any] | None:
    """Return the run that is asked for, or None where nothing is said of it.

    Raises:
        UsageError: more than one thing is asked for, or options that do not belong to it.
    """
    if sum(map(bool, (playbook, command, run_file))) > 1:
        raise UsageError("Say what to run once: --playbook, --run, or a command behind --.")
    if run_file is not None:
        return read_variables(run_file, "--run")
    if not playbook and not command:
        return None
    chosen = {"limit": one_limit(limit)} if limit else {}
    if playbook:
        variables = parse_variables(extra_vars or ())
        return {"kind": "playbook", "playbook": playbook, "extra_vars": variables, **chosen}
    if extra_vars:
        raise UsageError("--extra-vars are for playbooks; a command takes arguments.")
    return {"kind": "command", "command": command, **chosen}


def need_run(run: dict[str, Any] | None) -> dict[str, Any]:
    """Return the run.

    Raises:
        UsageError: nothing is said of it.
    """
    if run is None:
        raise UsageError("Say what to run: --playbook PLAYBOOK, --run FILE, or -- COMMAND.")
    return run


def tell_run(run: dict[str, Any]) -> str:
    """Write a run in a few words."""
    limit = f" on {run['limit']}" if run["limit"] else ""
    return f"{run['kind']} {run['name']}{limit}"
