# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``myx webhook ...``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.options import Limit
from api.cli.arguments.playbook_options import ExtraVars
from api.cli.arguments.variables import read_variables
from api.cli.commands.triggers.wanted import (
    AsJson,
    Command,
    Id,
    Playbook,
    RunFile,
    build_run,
    need_run,
    tell_run,
)
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json, print_table
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

Json = dict[str, Any]


def add_webhook(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    command: Command = None,
    playbook: Playbook = None,
    run_file: RunFile = None,
    limit: Limit = None,
    extra_vars: ExtraVars = None,
    scheme: Annotated[
        str, typer.Option("--scheme", metavar="S", help="myx, github or gitlab.")
    ] = "myx",
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="matchers, variables, limit_from: YAML."),
    ] = None,
) -> int:
    """Start a run when another system says so. Prints the secret, once, on standard output.

    Examples:
      myx webhook add deploy -p deploy.yml -l web --scheme github --rules rules.yml
      myx webhook add restart -l web1 -- systemctl restart caddy
    """
    run = need_run(build_run(playbook, command, run_file, limit, extra_vars))
    more = {} if rules is None else read_variables(rules, "--rules")
    added = open_client().post("/webhooks", {**more, "name": name, "scheme": scheme, "run": run})
    sys.stdout.write(f"{added['secret']}\n")
    say(f"Added the webhook {added['id']}: POST {added['path']}. The secret is not shown again.")
    return ExitCode.SUCCESSFUL


def list_webhooks(*, as_json: AsJson = False) -> int:
    """List webhooks.

    Example:
      myx webhook list
    """
    webhooks = list(open_client().list_all("/webhooks"))
    if as_json:
        print_json(webhooks)
        return ExitCode.SUCCESSFUL
    rows = [
        (str(w["id"]), w["name"], w["scheme"], tell_run(w["run"]), w["owner"], w["path"])
        for w in webhooks
    ]
    print_table(("ID", "NAME", "SCHEME", "WHAT", "OWNER", "PATH"), rows)
    return ExitCode.SUCCESSFUL


def show_webhook(*, webhook_id: Id) -> int:
    """Show a webhook as a JSON document.

    Example:
      myx webhook show 2
    """
    print_json(open_client().get(f"/webhooks/{webhook_id}"))
    return ExitCode.SUCCESSFUL


def list_deliveries(*, webhook_id: Id, as_json: AsJson = False) -> int:
    """List what was delivered, newest first, and why each ran or was ignored.

    Example:
      myx webhook deliveries 2
    """
    answer = open_client().get(f"/webhooks/{webhook_id}/deliveries")
    if as_json:
        print_json(answer["results"])
        return ExitCode.SUCCESSFUL
    print_table(
        ("ID", "RECEIVED (UTC)", "FROM", "OUTCOME", "RUN", "REASON"),
        [_make_row(delivery) for delivery in answer["results"]],
    )
    return ExitCode.SUCCESSFUL


def rotate_secret(
    *,
    webhook_id: Id,
    overlap: Annotated[
        float, typer.Option("--overlap", metavar="S", help="The old one stays right for S seconds.")
    ] = 24 * 3600.0,
) -> int:
    """Replace the secret of a webhook. Prints the new one, once, on standard output.

    Example:
      myx webhook rotate 2 --overlap 3600
    """
    answer = open_client().post(f"/webhooks/{webhook_id}/rotate", {"overlap_s": overlap})
    sys.stdout.write(f"{answer['secret']}\n")
    return ExitCode.SUCCESSFUL


def remove_webhook(*, webhook_id: Id) -> int:
    """Remove a webhook and the list of its deliveries.

    Example:
      myx webhook remove 2
    """
    open_client().delete(f"/webhooks/{webhook_id}")
    say(f"Removed the webhook {webhook_id}.")
    return ExitCode.SUCCESSFUL


def _make_row(delivery: Json) -> tuple[str, ...]:
    return (
        str(delivery["id"]),
        tell_time(delivery["received_at"]),
        delivery["address"],
        delivery["outcome"],
        str(delivery["run_id"] or ""),
        delivery["reason"] or "",
    )
