# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about the audit: ``list`` and ``verify``."""

import itertools
import sys
from typing import Annotated, Any

import typer

from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json, print_table
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

_HEAD = ("SEQ", "TIME (UTC)", "ACTOR", "BY", "FROM", "ACTION", "OBJECT", "RESULT")


def list_audit(
    *,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only what they did.")
    ] = None,
    action: Annotated[
        str | None, typer.Option("--action", metavar="A", help="Only this: create_run, sign_in ...")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="K", help="Only about these: hosts, runs ...")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="N", help="Only about the one of this name.")
    ] = None,
    number: Annotated[
        int, typer.Option("--number", "-n", metavar="N", min=1, help="At most so many.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> int:
    """List who did what, newest first.

    Examples:
      myx audit list --actor alice
      myx audit list --kind hosts --name web1 -n 10 --json
    """
    found = open_client().list_all(
        "/audit", min(number, 500), actor=actor, action=action, object_kind=kind, object_name=name
    )
    entries = list(itertools.islice(found, number))
    if as_json:
        print_json(entries)
        return ExitCode.SUCCESSFUL
    print_table(_HEAD, [_tell_row(entry) for entry in entries])
    return ExitCode.SUCCESSFUL


def verify_audit(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False
) -> int:
    """Look at every entry again: changed, missing, moved, or cut off at the end.

    Exit code 0 where all is as it was written, 2 where it is not. Note the hash elsewhere: it
    stands for every entry up to that one.

    Example:
      myx audit verify
    """
    found = open_client().get("/audit/verification")
    if as_json:
        print_json(found)
    elif found["intact"]:
        sys.stdout.write(f"{found['entries']} entries, intact. The last: {_tell_last(found)}\n")
    else:
        for flaw in found["flaws"]:
            sys.stdout.write(f"{flaw['message']}\n")
        say(f"The audit is not what was written. The last entry: {_tell_last(found)}")
    return ExitCode.SUCCESSFUL if found["intact"] else ExitCode.FAILED


def _tell_last(found: dict[str, object]) -> str:
    return f"{found['last_seq']} {found['last_hash']}"


def _tell_row(entry: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(entry["seq"]),
        tell_time(entry["at"]),
        entry["actor"],
        entry["credential"],
        entry["address"],
        entry["action"],
        f"{entry['object_kind']}/{entry['object_name']}",
        entry["result"],
    )
