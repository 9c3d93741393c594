# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens after a run was created: watch it, leave it, or tell it as JSON?"""

from dataclasses import dataclass
from typing import Any

from api.cli.remote.client import ApiClient
from api.cli.terminal.output import LogSink, make_sink, say
from api.cli.terminal.tables import print_json
from api.cli.terminal.times import tell_time
from api.cli.watching.documents import make_run_document
from api.cli.watching.following import Outcome, RunFollower
from api.cli.watching.outcome import ExitCode, exit_code_of, write_recap
from api.cli.watching.patience import Patience

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a run is shown.

    Attributes:
        detach: do not wait for its end.
        as_json: nothing but one JSON document on standard output.
        color: keep colours, take them out, or decide by the terminal.
    """

    detach: bool = False
    as_json: bool = False
    color: bool | None = None


def present_run(client: ApiClient, run: Json, how: Presentation) -> ExitCode:
    """Show a run that was just created, as asked, and return the exit code."""
    for warning in run.get("warnings", ()):
        say(f"Warning: {warning}.")
    if how.detach:
        return _leave(run, how)
    if how.as_json:
        outcome = watch_run(client, run, None)
        if isinstance(outcome, Outcome):
            print_json(make_run_document(client, outcome))
            return exit_code_of(outcome.run["status"], outcome.executions)
        return outcome
    say(_announce(run))
    return watch_live(client, run, color=how.color)


def watch_live(client: ApiClient, run: Json, *, color: bool | None) -> ExitCode:
    """Show the logs of a run as they come, and the recap when it has ended."""
    sink = make_sink(run["kind"], run["hosts_total"], color=color)
    outcome = watch_run(client, run, sink)
    if isinstance(outcome, Outcome):
        for execution in outcome.executions:
            if execution.get("log_removed_at"):
                say(_tell_removed(execution))
        say(write_recap(outcome))
        return exit_code_of(outcome.run["status"], outcome.executions)
    return outcome


def watch_run(client: ApiClient, run: Json, sink: LogSink | None) -> Outcome | ExitCode:
    """Watch a run to its end; with Ctrl-C tell how to come back to it."""
    follower = RunFollower(client, run["id"], sink, Patience(client.sleep, say))
    try:
        return follower.follow()
    except KeyboardInterrupt:
        if sink is not None:
            sink.finish()
        say(f"\nStopped watching; run {run['id']} goes on.\n{tell_next(run)}")
        return ExitCode.INTERRUPTED


def tell_next(run: Json) -> str:
    """Name the commands with which a run is followed and stopped."""
    return f"  follow it:  myx log {run['id']} --follow\n  cancel it:  myx cancel {run['id']}"


def _tell_removed(execution: Json) -> str:
    when = tell_time(execution["log_removed_at"])
    return f"The log of {execution['host']} was removed on {when} UTC: too old, or one of too many."


def _leave(run: Json, how: Presentation) -> ExitCode:
    if how.as_json:
        print_json(run)
    else:
        print(run["id"])  # noqa: T201 - what a script reads: RUN=$(myx run --detach ...)
        say(f"{_announce(run)}\n{tell_next(run)}")
    return ExitCode.SUCCESSFUL


def _announce(run: Json) -> str:
    if run["kind"] in {"install", "uninstall"}:
        return f"Run {run['id']}: {run['kind']} {run['name']}"
    hosts = "1 host" if run["hosts_total"] == 1 else f"{run['hosts_total']} hosts"
    return f"Run {run['id']}: {run['name']} on {hosts}"
