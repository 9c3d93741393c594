# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about runs that are there: ``runs``, ``log``, ``cancel``."""

from itertools import islice
from typing import Annotated, Any

import typer

from api.cli.arguments.options import Color
from api.cli.errors import LogRemovedError, UsageError
from api.cli.remote.client import PAGE_SIZE, ApiClient, open_client, quote_name
from api.cli.terminal.output import make_sink, say
from api.cli.terminal.tables import print_json, print_table
from api.cli.terminal.times import tell_duration, tell_time
from api.cli.watching.following import Outcome, follow_log
from api.cli.watching.outcome import ExitCode, exit_code_of, write_recap
from api.cli.watching.patience import Patience
from api.cli.watching.presentation import tell_next, watch_live

Json = dict[str, Any]

DEFAULT_NUMBER = 20

RunId = Annotated[int, typer.Argument(metavar="RUN", min=1, help="Number of the run.")]


def list_runs(
    *,
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, metavar="N", help="How many at most.")
    ] = DEFAULT_NUMBER,
    status: Annotated[
        str | None, typer.Option("--status", metavar="S", help="Only those in this state.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="K", help="playbook, command, script, install, uninstall, reported."
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="H", help="Only those on this host.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only with this in the name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> int:
    """List runs, newest first.

    Examples:
      myx runs
      myx runs --status failed --host web1
      myx runs -n 1 --json
    """
    client = open_client()
    page_size = min(number, PAGE_SIZE)
    rows = client.list_all(
        "/runs", page_size=page_size, status=status, kind=kind, host=host, search=search
    )
    runs = list(islice(rows, number))
    if as_json:
        print_json(runs)
    else:
        head = ("ID", "STATUS", "KIND", "NAME", "HOSTS", "STARTED (UTC)", "TOOK")
        print_table(head, [_make_row(run) for run in runs], status=1)
    return ExitCode.SUCCESSFUL


def show_log(
    *,
    run_id: RunId,
    host: Annotated[
        str | None, typer.Argument(metavar="HOST", help="Only the log of this host.")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Go on until the run ends; exit code as of 'myx run'."),
    ] = False,
    offset: Annotated[
        int | None,
        typer.Option("--offset", min=0, metavar="N", help="Begin at this byte of one host's log."),
    ] = None,
    color: Color = None,
) -> int:
    """Print the log of a run, or follow it live.

    With one host the log is printed as it is; colours are kept on terminals or with --color.
    'myx log RUN HOST --color 2>&1' is the stored log, byte for byte. Of several hosts one is
    printed after the other; with --follow they come as they happen. Where a log was removed, since
    it was too old, that is said in its place, and the command ends with 1.

    Examples:
      myx log 42
      myx log 42 web1 --follow
      myx log 42 web1 --offset 1048576
    """
    client = open_client()
    run = client.get(f"/runs/{run_id}")
    if host is None and offset is None and follow:
        return watch_live(client, run, color=color)
    executions = _list_executions(client, run, host)
    if offset is not None and len(executions) > 1:
        raise UsageError(
            f"--offset is a place in one host's log, run {run_id} has {len(executions)}.\n"
            f"Name one: myx log {run_id} {executions[0]['host']} --offset {offset}"
        )
    return _print_logs(client, run, executions, offset or 0, follow=follow, color=color)


def cancel_run(*, run_id: RunId) -> int:
    """Cancel a run.

    On each host the whole process tree is ended, and nothing of it is left.

    Example:
      myx cancel 42
    """
    run = open_client().post(f"/runs/{run_id}/cancel")
    if run["finished_at"] is not None:
        say(f"Run {run_id} has already ended: {run['status']}.")
    else:
        say(f"Run {run_id} is being canceled.\n  watch it:   myx log {run_id} --follow")
    return ExitCode.SUCCESSFUL


def _list_executions(client: ApiClient, run: Json, host: str | None) -> list[Json]:
    path = f"/runs/{quote_name(run['id'])}/executions"
    executions = list(client.list_all(path, host=host))
    if host is not None and not executions:
        raise UsageError(
            f"Run {run['id']} has nothing on a host '{host}'. Its hosts: myx log {run['id']}"
        )
    return executions


def _print_logs(
    client: ApiClient,
    run: Json,
    executions: list[Json],
    offset: int,
    *,
    follow: bool,
    color: bool | None,
) -> int:
    """Print the logs host by host: a stored log is read, not watched."""
    sink = make_sink(run["kind"], len(executions), color=color)
    is_whole = True
    try:
        for execution in executions:
            patience = Patience(client.sleep, say)
            try:
                follow_log(client, execution, sink, patience, offset=offset, wait=follow)
            except LogRemovedError as error:
                is_whole = False
                say(str(error))
    except KeyboardInterrupt:
        sink.finish()
        say(f"\nStopped watching run {run['id']}.\n{tell_next(run)}")
        return ExitCode.INTERRUPTED
    sink.finish()
    if follow:
        return _tell_end(client, run, executions)
    if len(executions) != 1 or not executions[0]["log_bytes"]:
        say(write_recap(Outcome(run, executions)))
    return ExitCode.SUCCESSFUL if is_whole else ExitCode.ERROR


def _tell_end(client: ApiClient, run: Json, executions: list[Json]) -> int:
    """Show how the hosts ended whose logs were followed, and return the exit code."""
    ended = [client.get(f"/executions/{execution['id']}") for execution in executions]
    say(write_recap(Outcome(client.get(f"/runs/{run['id']}"), ended)))
    statuses = {execution["status"] for execution in ended}
    return exit_code_of("successful" if statuses <= {"successful"} else "failed", ended)


def _make_row(run: Json) -> tuple[str, ...]:
    return (
        str(run["id"]),
        run["status"],
        run["kind"],
        run["name"] if len(run["name"]) <= 40 else f"{run['name'][:39]}…",  # noqa: PLR2004
        str(run["hosts_total"]),
        tell_time(run["started_at"]),
        tell_duration(run),
    )
