# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``myx host rotate``: new tokens and secret keys for agents."""

from typing import Annotated

import typer

from api.cli.errors import ApiError
from api.cli.remote.client import open_client, quote_name
from api.cli.terminal.output import say
from api.cli.watching.outcome import ExitCode

_FOR_ALL = frozenset({401, 403})
"""Refusals that every other host would get, too."""

_NOT_REACHED = frozenset({"agent_unreachable", "agent_timeout", "agent_tls_failed"})


def rotate_credentials(
    *,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names of hosts.")],
) -> int:
    """Replace the token and the secret key of agents; what runs goes on.

    The old token stays right until the agent has seen the new one. A rotation that was cut off
    goes on where it stood when it is asked for again. Port, path and certificate stay.

    Exit codes: 0 all are rotated, 2 a host failed, 4 a host could not be reached and none failed.

    Examples:
      myx host rotate web1
      myx host rotate web1 web2 db1
    """
    client = open_client()
    code = ExitCode.SUCCESSFUL
    for name in dict.fromkeys(names):
        try:
            client.post(f"/hosts/{quote_name(name)}/rotate-credentials")
        except ApiError as error:
            if error.status in _FOR_ALL:
                raise
            say(f"{name}: not rotated. {error}")
            if error.code not in _NOT_REACHED:
                code = ExitCode.FAILED
            elif code is ExitCode.SUCCESSFUL:
                code = ExitCode.NOT_REACHED
        else:
            say(f"{name}: the agent has a new token and secret key; the old ones are refused.")
    return code
