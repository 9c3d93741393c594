# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about users: ``add``, ``list``, ``change``, ``remove``, and ``password``."""

from typing import Annotated, Any

import typer

from api.cli.arguments.grants import GrantOptions, parse_grants, tell_grants
from api.cli.arguments.passwords import read_new_password, read_password
from api.cli.errors import UsageError
from api.cli.remote.client import open_client, quote_name
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json, print_table
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name that the user signs in with.")]


def add_user(
    *,
    name: Name,
    grants: GrantOptions = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only API tokens; they cannot sign in.")
    ] = False,
) -> int:
    """Add a user. The password is asked for, or read from standard input.

    Without --grant the user is a viewer of everything.

    Examples:
      myx user add alice --grant admin
      myx user add bob --grant viewer --grant operator:web,eu
      myx user add deploy --no-password --grant operator:web:playbooks/deploy_caddy.yml
    """
    body: dict[str, Any] = {"name": name, "grants": parse_grants(grants or ["viewer"])}
    if not no_password:
        body["password"] = read_new_password(f"Password of {name}")
    user = open_client().post("/users", body)
    say(f"Added {user['name']}: {tell_grants(user['grants'])}")
    return ExitCode.SUCCESSFUL


def list_users(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False
) -> int:
    """List users with what they may.

    Example:
      myx user list
    """
    users = list(open_client().list_all("/users"))
    if as_json:
        print_json(users)
        return ExitCode.SUCCESSFUL
    head = ("NAME", "STATE", "GRANTS", "CREATED (UTC)")
    print_table(
        head,
        [
            (
                user["name"],
                _tell_state(user),
                tell_grants(user["grants"]),
                tell_time(user["created_at"]),
            )
            for user in users
        ],
    )
    return ExitCode.SUCCESSFUL


def change_user(
    *,
    name: Name,
    grants: GrantOptions = None,
    password: Annotated[
        bool, typer.Option("--password", help="Set a new password, which ends their sessions.")
    ] = False,
    disable: Annotated[
        bool | None,
        typer.Option("--disable/--enable", help="Refuse them and their tokens, or no longer."),
    ] = None,
) -> int:
    """Change what a user may, their password, or whether they are let in.

    --grant replaces all that they had.

    Examples:
      myx user change bob --grant operator:web
      myx user change bob --disable
      myx user change bob --password < new-password
    """
    body: dict[str, Any] = {}
    if grants:
        body["grants"] = parse_grants(grants)
    if disable is not None:
        body["is_disabled"] = disable
    if password:
        body["password"] = read_new_password(f"New password of {name}")
    if not body:
        raise UsageError("Say what to change: --grant, --password, --disable or --enable.")
    user = open_client().patch(f"/users/{quote_name(name)}", body)
    say(f"{user['name']}: {_tell_state(user)}, {tell_grants(user['grants'])}")
    return ExitCode.SUCCESSFUL


def remove_user(*, name: Name) -> int:
    """Remove a user with their tokens and sessions; what they did stays told.

    Example:
      myx user remove bob
    """
    open_client().delete(f"/users/{quote_name(name)}")
    say(f"Removed {name}.")
    return ExitCode.SUCCESSFUL


def change_password() -> int:
    """Change your own password; all your sessions end, tokens go on.

    From standard input it reads two lines: the present password and the new one.

    Example:
      myx user password
    """
    body = {
        "current_password": read_password("Present password"),
        "new_password": read_new_password("New password"),
    }
    open_client().put("/account/password", body)
    say("Changed. Sign in again with the new password.")
    return ExitCode.SUCCESSFUL


def _tell_state(user: dict[str, Any]) -> str:
    if user["is_disabled"]:
        return "disabled"
    return "active" if user["has_password"] else "tokens only"
