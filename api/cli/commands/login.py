# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs ``login``, ``logout`` and ``whoami``: which token this account shows, and to whom."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.arguments.grants import tell_grants
from api.cli.arguments.passwords import read_password
from api.cli.commands.tokens import tell_end
from api.cli.errors import ApiError, UsageError
from api.cli.remote.client import ApiClient, open_client
from api.cli.remote.logins import Login, Logins
from api.cli.remote.server import Server, check_url
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_fields
from api.cli.terminal.times import tell_time
from api.cli.watching.outcome import ExitCode

DEFAULT_DAYS = 90.0


def log_in(
    *,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The control plane: https://myx.example.org:8000")
    ],
    user: Annotated[str, typer.Option("--user", "-u", metavar="U", help="Your name there.")],
    days: Annotated[
        float, typer.Option("--days", metavar="N", min=0, help="The token expires after N days.")
    ] = DEFAULT_DAYS,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="CA of that control plane.")
    ] = None,
) -> int:
    """Sign in to a control plane: the other commands speak to it from now on.

    The password is asked for, or read from standard input. It is exchanged for an API token,
    which is kept in ~/.config/myx/logins.json (0600). MYX_URL, MYX_TOKEN, MYX_LISTEN and
    MYX_DATA_DIR go before it.

    Examples:
      myx login https://myx.example.org:8000 --user alice
      myx login https://myx.example.org:8000 --user alice --ca-file ca.pem < password
    """
    url = check_url(url)
    if ca_file is not None and not ca_file.is_file():
        raise UsageError(f"--ca-file {ca_file} is not a file.")
    trusted = ca_file.absolute() if ca_file else None
    client = ApiClient(Server(url, "", "the password", trusted))
    with client.signed_in(user, read_password(f"Password of {user} at {url}")) as headers:
        body = {"name": f"myx on {socket.gethostname()}"[:100], "expires_at": tell_end(days)}
        token = client.post("/tokens", body, headers)
    login = Login(url, user, token["token"], token["id"], str(trusted) if trusted else None)
    path = Logins(os.environ).keep(login)
    say(f"Signed in to {url} as {user} until {tell_time(token['expires_at'])} UTC ({path}).")
    return ExitCode.SUCCESSFUL


def log_out(
    *,
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="By default where you signed in last.")
    ] = None,
) -> int:
    """Revoke the token of 'myx login' and forget it.

    Example:
      myx logout
    """
    logins = Logins(os.environ)
    login = logins.find(check_url(url) if url else None)
    if login is None:
        raise UsageError("You are not signed in there. 'myx login URL --user U' does it.")
    ca_file = Path(login.ca_file) if login.ca_file else None
    client = ApiClient(Server(login.url, login.token, "myx login", ca_file))
    try:
        client.delete(f"/tokens/{login.token_id}")
    except ApiError as error:
        if error.status != 401:  # noqa: PLR2004 - expired or revoked: nothing is left to do there
            raise
    logins.forget(login.url)
    say(f"Signed out of {login.url}.")
    return ExitCode.SUCCESSFUL


def show_account() -> int:
    """Show which control plane the commands speak to, as whom, and what you may there.

    Example:
      myx whoami
    """
    client = open_client()
    account = client.get("/account")
    print_fields(
        [
            ("control plane", client.server.url),
            ("name", account["name"]),
            ("by", f"{account['credential']} ({client.server.token_source})"),
            ("may", tell_grants(account["grants"])),
            ("expires", tell_time(account["expires_at"])),
        ]
    )
    sys.stdout.flush()
    return ExitCode.SUCCESSFUL
