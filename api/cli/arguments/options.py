# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options do several verbs share, word for word?"""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.errors import UsageError

Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        "-l",
        metavar="PATTERN",
        help="Hosts, as an Ansible pattern: 'web1', 'web:db', 'all:!web3', 'web*'.",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="L",
        help="Only hosts with this label: env=prod, env!=prod, 'env in (a,b)', env, '!env'. "
        "Repeatable, all must fit.",
    ),
]
States = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        metavar="S",
        help="Only hosts that are online, offline or not_installed; 'failed': whose last "
        "execution failed. Repeatable.",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="S", help="End it on each host after S seconds."),
]
User = Annotated[
    str | None,
    typer.Option("--user", metavar="U", help="Run as this account of the hosts, not as root."),
]
Detach = Annotated[
    bool, typer.Option("--detach", "-d", help="Print the run's id and do not wait for its end.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output, no logs.")
]
Color = Annotated[
    bool | None,
    typer.Option(
        "--color/--no-color", help="Keep or take out colours. By default kept on terminals."
    ),
]
AcceptHostKey = Annotated[
    bool,
    typer.Option(
        "--accept-new-host-key",
        help="Trust the SSH host key of a host that is met for the first time, and record it.",
    ),
]
SshUser = Annotated[
    str | None, typer.Option("--ssh-user", metavar="U", help="Log in as U: root, or may sudo.")
]
SshKey = Annotated[
    Path | None,
    typer.Option("--ssh-key", metavar="FILE", help="Private key without passphrase."),
]
SshPassword = Annotated[
    bool,
    typer.Option("--ssh-password-stdin", help="Read the SSH password from standard input."),
]
ForgetCredentials = Annotated[
    bool,
    typer.Option(
        "--forget-ssh-credentials", help="Remove the host's stored SSH key and password after it."
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="K=V", help="Host variable, also JSON or @FILE. Repeatable."),
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", "-g", metavar="G", help="Group. Repeatable.")
]


def one_limit(limit: list[str] | None) -> str | None:
    """Return the pattern of ``--limit``.

    Raises:
        UsageError: it was given twice.
    """
    if limit and len(limit) > 1:
        raise UsageError(
            "--limit was given twice. Join patterns with ':' (web:db); options of a command "
            "or script itself stand behind --."
        )
    return limit[0] if limit else None
