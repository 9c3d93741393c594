# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options change what is known of hosts and groups?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.variables import read_variables

LabelChanges = Annotated[
    list[str] | None, typer.Option("--label", metavar="K=V", help="Set a label. Repeatable.")
]
UnsetLabels = Annotated[
    list[str] | None,
    typer.Option("--unset-label", metavar="K", help="Take a label off. Repeatable."),
]
UnsetVariables = Annotated[
    list[str] | None,
    typer.Option("--unset-var", metavar="K", help="Take a variable out. Repeatable."),
]
SecretVariables = Annotated[
    Path | None,
    typer.Option(
        "--secret-vars",
        metavar="FILE",
        help="Variables to keep sealed and masked in logs: JSON or YAML by name, null takes one "
        "out; '-' reads standard input.",
    ),
]
NotGroups = Annotated[
    list[str] | None,
    typer.Option("--not-group", metavar="G", help="Take it out of a group. Repeatable."),
]
Children = Annotated[
    list[str] | None,
    typer.Option("--child", metavar="G", help="Put this group into it. Repeatable."),
]
NotChildren = Annotated[
    list[str] | None,
    typer.Option("--not-child", metavar="G", help="Take this group out of it. Repeatable."),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="H", help="Put this host into it. Repeatable."),
]
NotHosts = Annotated[
    list[str] | None,
    typer.Option("--not-host", metavar="H", help="Take this host out of it. Repeatable."),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")
]
Location = Annotated[str | None, typer.Option("--location", metavar="TEXT", help="Where it is.")]
Provider = Annotated[str | None, typer.Option("--provider", metavar="TEXT", help="Whose it is.")]
DataCentre = Annotated[str | None, typer.Option("--idc", metavar="TEXT", help="Data centre.")]
Address = Annotated[
    str | None, typer.Option("--address", "-a", metavar="A", help="IP address or DNS name.")
]
SshPort = Annotated[
    int | None,
    typer.Option("--ssh-port", metavar="P", min=1, max=65535, help="Port of the SSH server."),
]


def read_secrets(file: Path | None) -> dict[str, Any]:
    """Return the field of the API's body that ``--secret-vars`` stands for.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    return {} if file is None else {"secret_variables": read_variables(file, "--secret-vars")}


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
