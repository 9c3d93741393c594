# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that steer runs: ``show``, ``pause``, ``resume``, ``retry``."""

from typing import Annotated

import typer

from api.cli.arguments.options import AsJson, Color, Detach
from api.cli.commands.history import RunId
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.runs_view import print_run
from api.cli.terminal.tables import print_json
from api.cli.watching.outcome import ExitCode
from api.cli.watching.presentation import Presentation, present_run


def show_run(
    *,
    run_id: RunId,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
) -> int:
    """Show a run: how it stands, what it waits for, its waves.

    Example:
      myx show 42
    """
    run = open_client().get(f"/runs/{run_id}")
    if as_json:
        print_json(run)
    else:
        print_run(run)
    return ExitCode.SUCCESSFUL


def pause_run(*, run_id: RunId) -> int:
    """Pause a run: what runs goes on, nothing new starts.

    Example:
      myx pause 42
    """
    open_client().post(f"/runs/{run_id}/pause")
    say(f"Run {run_id} is paused.\n  let it go on:  myx resume {run_id}")
    return ExitCode.SUCCESSFUL


def resume_run(*, run_id: RunId) -> int:
    """Let a paused run go on.

    Example:
      myx resume 42
    """
    open_client().post(f"/runs/{run_id}/resume")
    say(f"Run {run_id} goes on.\n  watch it:   myx log {run_id} --follow")
    return ExitCode.SUCCESSFUL


def retry_run(
    *, run_id: RunId, detach: Detach = False, as_json: AsJson = False, color: Color = None
) -> int:
    """Try a run again on the hosts where it did not succeed or did not start.

    It is a new run with the same content, variables and options. The variables of a run that
    did not succeed are kept, sealed, for MYX_RUN_SECRETS_KEEP_S. Exit codes are those of
    'myx run'.

    Example:
      myx retry 42
    """
    client = open_client()
    run = client.create_run({}, f"/runs/{run_id}/retry")
    return present_run(client, run, Presentation(detach, as_json, color))
