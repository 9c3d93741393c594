# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``myx host set``: what is known of hosts, changed."""

from typing import Annotated

import typer

from api.cli.arguments.change_options import (
    Address,
    DataCentre,
    Description,
    LabelChanges,
    Location,
    NotGroups,
    Provider,
    SecretVariables,
    SshPort,
    UnsetLabels,
    UnsetVariables,
    given,
    read_secrets,
)
from api.cli.arguments.credentials import read_credentials
from api.cli.arguments.options import Groups, SshKey, SshPassword, SshUser, Variables
from api.cli.arguments.variables import parse_labels, parse_variables
from api.cli.commands.fleet.changes import Edit, change_all


def set_hosts(  # noqa: PLR0913 - an option each
    *,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names of hosts.")],
    groups: Groups = None,
    not_groups: NotGroups = None,
    variables: Variables = None,
    unset_variables: UnsetVariables = None,
    secret_variables: SecretVariables = None,
    labels: LabelChanges = None,
    unset_labels: UnsetLabels = None,
    description: Description = None,
    location: Location = None,
    provider: Provider = None,
    idc: DataCentre = None,
    address: Address = None,
    ssh_user: SshUser = None,
    ssh_port: SshPort = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPassword = False,
) -> int:
    """Change what is known of hosts: groups, variables, labels, address; the rest stays.

    Examples:
      myx host set web1 web2 --group eu --label env=prod --var http_port=8080
      myx host set web1 --not-group eu --unset-label env --unset-var http_port
      myx host set db1 --secret-vars secrets.yml --idc fra1 --provider example
      myx host set db1 --address 192.0.2.30 --ssh-key ~/.ssh/id_ed25519
    """
    edits = {
        "groups": Edit(groups, not_groups),
        "variables": Edit(parse_variables(variables or (), "--var"), unset_variables),
        "labels": Edit(parse_labels(labels or ()), unset_labels),
    }
    fields = {
        **given(description=description, location=location, provider=provider, idc=idc),
        **given(address=address, ssh_user=ssh_user, ssh_port=ssh_port),
        **read_credentials(ssh_key, password_stdin=ssh_password_stdin),
        **read_secrets(secret_variables),
    }
    return change_all("/hosts", names, fields, edits)
