# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about API tokens: ``create``, ``list``, ``revoke``."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from api.cli.arguments.grants import GrantOptions, parse_grants, tell_grants
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json, print_table
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

Days = Annotated[
    float | None, typer.Option("--days", metavar="N", min=0, help="Expires after N days.")
]


def create_token(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    grants: GrantOptions = None,
    days: Days = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="U", help="For this user; admins only.")
    ] = None,
    own: Annotated[
        bool, typer.Option("--own", help="Of no user: the program's own. Needs --grant.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
) -> int:
    """Make an API token. It is printed on standard output, once, and never shown again.

    It may what --grant says and never more than its user, nor than the token that asks for it.
    Several are valid at once: make a new one, hand it over, revoke the old one.

    Examples:
      myx token create 'deploy from CI' --days 90 --grant operator:web:playbooks/deploy_caddy.yml
      myx token create pipeline --own --grant viewer > token
    """
    body: dict[str, Any] = {"name": name, "user": user, "is_own": own}
    if grants:
        body["grants"] = parse_grants(grants)
    if days is not None:
        body["expires_at"] = tell_end(days)
    token = open_client().post("/tokens", body)
    if as_json:
        print_json(token)
        return ExitCode.SUCCESSFUL
    sys.stdout.write(f"{token['token']}\n")
    say(f"Token {token['id']} of {token['user'] or 'no user'}. It is not shown again.")
    return ExitCode.SUCCESSFUL


def list_tokens(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that expired or were revoked.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> int:
    """List your API tokens; an admin sees everybody's.

    Example:
      myx token list --all
    """
    is_valid = None if everything else True
    tokens = list(open_client().list_all("/tokens", is_valid=is_valid))
    if as_json:
        print_json(tokens)
        return ExitCode.SUCCESSFUL
    head = (
        "ID",
        "NAME",
        "USER",
        "BEGINS",
        "STATE",
        "GRANTS",
        "EXPIRES (UTC)",
        "USED (UTC)",
        "FROM",
    )
    print_table(head, [_tell_row(token) for token in tokens])
    return ExitCode.SUCCESSFUL


def revoke_tokens(
    *,
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="Numbers of tokens.")],
) -> int:
    """Refuse API tokens from now on.

    Example:
      myx token revoke 7
    """
    client = open_client()
    for number in ids:
        client.delete(f"/tokens/{number}")
        say(f"Revoked {number}.")
    return ExitCode.SUCCESSFUL


def tell_end(days: float) -> str:
    """Return the moment after so many days, as the API takes it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def _tell_row(token: dict[str, Any]) -> tuple[str, ...]:
    state = "revoked" if token["revoked_at"] else "valid" if token["is_valid"] else "expired"
    return (
        str(token["id"]),
        token["name"],
        token["user"] or "",
        token["prefix"],
        state,
        tell_grants(token["grants"]) or "as its user",
        tell_time(token["expires_at"]) or "never",
        tell_time(token["last_used_at"]),
        token["last_used_from"] or "",
    )
