# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about what hosts take on: ``myx host maintenance`` and ``myx host limit``."""

from typing import Annotated, Literal

import typer

from api.cli.errors import UsageError
from api.cli.remote.client import open_client, quote_name
from api.cli.terminal.output import say
from api.cli.watching.outcome import ExitCode

Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Names of hosts.")]


def set_maintenance(
    *,
    switch: Annotated[
        Literal["on", "off"], typer.Argument(metavar="on|off", help="Begin or end it.")
    ],
    names: Names,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Told to whoever asks.")
    ] = None,
) -> int:
    """Begin or end the maintenance of hosts: nothing new starts there.

    What runs there goes on. Runs leave such hosts out, or wait for them with
    '--maintenance wait'.

    Examples:
      myx host maintenance on web1 --reason 'new disk'
      myx host maintenance off web1
    """
    client = open_client()
    for name in names:
        body = {"enabled": switch == "on", "reason": reason}
        client.put(f"/hosts/{quote_name(name)}/maintenance", body)
        say(f"{name} is {'' if switch == 'on' else 'not '}in maintenance.")
    return ExitCode.SUCCESSFUL


def set_limits(
    *,
    names: Names,
    playbooks: Annotated[
        int | None,
        typer.Option("--playbooks", min=0, metavar="N", help="Playbooks at once; 0: the default."),
    ] = None,
    commands: Annotated[
        int | None,
        typer.Option(
            "--commands", min=0, metavar="N", help="Commands and scripts at once; 0: the default."
        ),
    ] = None,
) -> int:
    """Set how much runs on hosts at once, where it is not as for all hosts.

    The defaults are MYX_MAX_PLAYBOOKS_PER_HOST and MYX_MAX_COMMANDS_PER_HOST.

    Example:
      myx host limit big1 --playbooks 4
    """
    given = {"max_playbooks": playbooks, "max_commands": commands}
    body = {name: value or None for name, value in given.items() if value is not None}
    if not body:
        raise UsageError("Say what to limit: --playbooks N or --commands N.")
    client = open_client()
    for name in names:
        client.patch(f"/hosts/{quote_name(name)}", body)
        say(f"Changed {name}.")
    return ExitCode.SUCCESSFUL
