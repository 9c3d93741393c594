# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``myx webhook ...``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.options import Limit
from api.cli.arguments.playbook_options import ExtraVars
from api.cli.arguments.variables import read_variables
from api.cli.commands.triggers.listing import list_all, print_rows, remove
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
from api.cli.terminal.tables import print_json
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
    head = ("ID", "NAME", "SCHEME", "WHAT", "OWNER", "PATH")
    return list_all("/webhooks", head, _make_row, as_json=as_json)


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
    head = ("ID", "RECEIVED (UTC)", "FROM", "OUTCOME", "RUN", "REASON")
    return print_rows(answer["results"], head, _make_delivery_row, as_json=as_json)


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
    return remove("webhook", webhook_id)


def _make_row(webhook: Json) -> tuple[str, ...]:
    return (
        str(webhook["id"]),
        webhook["name"],
        webhook["scheme"],
        tell_run(webhook["run"]),
        webhook["owner"],
        webhook["path"],
    )


def _make_delivery_row(delivery: Json) -> tuple[str, ...]:
    return (
        str(delivery["id"]),
        tell_time(delivery["received_at"]),
        delivery["address"],
        delivery["outcome"],
        str(delivery["run_id"] or ""),
        delivery["reason"] or "",
    )
