# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about hosts: ``add``, ``install``, ``enroll``, ``list``, ``show``, ``remove``.

``set`` is in ``host_changes``.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments.change_options import LabelChanges
from api.cli.arguments.credentials import read_credentials
from api.cli.arguments.options import (
    AcceptHostKey,
    AsJson,
    Color,
    Detach,
    ForgetCredentials,
    Groups,
    Labels,
    Limit,
    SshKey,
    SshPassword,
    SshUser,
    States,
    Variables,
    one_limit,
)
from api.cli.arguments.variables import parse_labels, parse_variables
from api.cli.errors import ApiError, UsageError
from api.cli.remote.client import ApiClient, open_client, quote_name
from api.cli.terminal.hosts_view import print_history, print_host, print_hosts
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json
from api.cli.watching.outcome import ExitCode
from api.cli.watching.presentation import Presentation, present_run

Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Names of hosts.")]

ENROLMENT_FIELDS = ("address", "rpc_port", "rpc_path", "agent_token", "secret_key")
SHOWN_STATES = 10
"""How many of its last states are shown with a host."""

FINGERPRINT_FIELD = "cert_fingerprint"


def add_host(  # noqa: PLR0913 - an option each
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the host in inventories.")],
    address: Annotated[
        str, typer.Option("--address", "-a", metavar="A", help="IP address or DNS name.")
    ],
    ssh_user: SshUser = None,
    ssh_port: Annotated[
        int | None, typer.Option("--ssh-port", metavar="P", min=1, max=65535, help="Default: 22.")
    ] = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPassword = False,
    groups: Groups = None,
    variables: Variables = None,
    labels: LabelChanges = None,
) -> int:
    """Add a host. Nothing is contacted until 'myx host install'.

    The SSH key or password is stored sealed, so that later installs and upgrades need no
    typing; --forget-ssh-credentials of 'myx host install' removes it again.

    Examples:
      myx host add web1 --address 192.0.2.10 --ssh-key ~/.ssh/id_ed25519 --group web
      myx host add db1 -a db1.example.org --ssh-user admin --ssh-password-stdin < password
      myx host add web2 -a 192.0.2.11 -g web --var http_port=8080 --var '{"debug": true}'
      myx host add web3 -a 192.0.2.12 -g web --label env=prod
    """
    body = {
        "name": name,
        "address": address,
        "groups": groups or [],
        "variables": parse_variables(variables or (), "--var"),
        **({"labels": parse_labels(labels)} if labels else {}),
        **read_credentials(ssh_key, password_stdin=ssh_password_stdin),
        **({"ssh_user": ssh_user} if ssh_user is not None else {}),
        **({"ssh_port": ssh_port} if ssh_port is not None else {}),
    }
    host = open_client().post("/hosts", body)
    say(f"Added {host['name']} ({host['address']}). Next: myx host install {host['name']}")
    return ExitCode.SUCCESSFUL


def install_agents(  # noqa: PLR0913 - an option each
    *,
    names: Names,
    accept_new_host_key: AcceptHostKey = False,
    ssh_user: SshUser = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPassword = False,
    forget_ssh_credentials: ForgetCredentials = False,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="S", help="Wait S seconds for the agent's first answer."),
    ] = None,
    detach: Detach = False,
    as_json: AsJson = False,
    color: Color = None,
) -> int:
    """Install or upgrade the agent on hosts, over SSH; every step is shown.

    The host needs Python 3.11 and an account that is root or may sudo, no internet. Several
    hosts are done at once. Installing again upgrades in place, and repeats a failed install.
    SSH credentials that are given here are used once and not stored.

    Exit codes are those of 'myx run'.

    Examples:
      myx host install web1 --accept-new-host-key
      myx host install web1 web2 db1
      myx host install db1 --ssh-user admin --ssh-key ~/.ssh/id_ed25519 --timeout 60
    """
    body = _access(
        names, ssh_user, ssh_key, password_stdin=ssh_password_stdin, accept=accept_new_host_key
    )
    body["forget_ssh_credentials"] = forget_ssh_credentials
    if timeout is not None:
        body["timeout_s"] = timeout
    client = open_client()
    run = client.create_run(body, "/hosts/install")
    return present_run(client, run, Presentation(detach, as_json, color))


def enroll_hosts(
    *,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Enrolment records; '-' reads standard input."),
    ],
    groups: Groups = None,
    variables: Variables = None,
) -> int:
    """Make agents known that were installed by playbooks/install_agent.yml.

    Each FILE is the JSON record that the role myx.fleet.agent wrote for a host. The agent
    must answer under the certificate in it before anything is stored. The records hold
    secrets: remove them afterwards.

    Example:
      myx host enroll enrolment/*.json --group web
    """
    client = open_client()
    given: dict[str, Any] = {}
    if groups:
        given["groups"] = groups
    if variables:
        given["variables"] = parse_variables(variables, "--var")
    records = [_read_record(file) for file in files]
    for record in records:
        fields = {name: record[name] for name in (*ENROLMENT_FIELDS, FINGERPRINT_FIELD)}
        host = client.post(f"/hosts/{quote_name(record['name'])}/enroll", {**fields, **given})
        say(f"Enrolled {host['name']} ({host['address']}): {host['agent']['status']}")
    return ExitCode.SUCCESSFUL


def list_hosts(
    *,
    group: Annotated[
        str | None, typer.Option("--group", "-g", metavar="G", help="Only hosts of this group.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only with this in name or address."),
    ] = None,
    limit: Limit = None,
    labels: Labels = None,
    states: States = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> int:
    """List hosts with the state of their agents.

    With --limit, --label and --state it shows whom a run with the same options would go to.

    Examples:
      myx host list
      myx host list --group web --json
      myx host list --limit 'web:&eu:!web3' --label env=prod --state online
    """
    chosen: dict[str, Any] = {"pattern": one_limit(limit), "label": labels, "state": states}
    hosts = list(open_client().list_all("/hosts", group=group, search=search, **chosen))
    if as_json:
        print_json(hosts)
    elif hosts:
        print_hosts(hosts)
    elif any(chosen.values()) or group or search:
        say("No host fits.")
    else:
        say("No hosts. Add one: myx host add NAME --address A")
    return ExitCode.SUCCESSFUL


def show_host(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the host.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
) -> int:
    """Show a host, when it was online and offline, and ask its agent how it is.

    Example:
      myx host show web1
    """
    client = open_client()
    path = f"/hosts/{quote_name(name)}"
    host = client.get(path)
    status, trouble = _ask_status(client, path)
    history = client.get(f"{path}/history", page_size=SHOWN_STATES)["results"]
    if as_json:
        print_json({**host, "status": status, "status_error": trouble, "history": history})
    else:
        print_host(host, status, trouble)
        print_history(history)
    return ExitCode.SUCCESSFUL


def remove_hosts(
    *,
    names: Names,
    uninstall: Annotated[
        bool,
        typer.Option("--uninstall", help="Remove the agent from the host first, over SSH."),
    ] = False,
    accept_new_host_key: AcceptHostKey = False,
    ssh_user: SshUser = None,
    ssh_key: SshKey = None,
    ssh_password_stdin: SshPassword = False,
    color: Color = None,
) -> int:
    """Forget hosts; their runs stay. It asks nothing.

    Without --uninstall an agent there goes on running. With it, a host whose agent could not
    be removed stays known, and the exit codes are those of 'myx run'.

    Examples:
      myx host remove web9
      myx host remove web9 --uninstall
    """
    client = open_client()
    if uninstall:
        body = _access(
            names, ssh_user, ssh_key, password_stdin=ssh_password_stdin, accept=accept_new_host_key
        )
        run = client.create_run({**body, "remove": True}, "/hosts/uninstall")
        return present_run(client, run, Presentation(color=color))
    for name in names:
        client.delete(f"/hosts/{quote_name(name)}")
        say(f"Removed {name}.")
    return ExitCode.SUCCESSFUL


def _access(
    names: list[str], user: str | None, key: Path | None, *, password_stdin: bool, accept: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "hosts": list(dict.fromkeys(names)),
        "accept_new_host_key": accept,
        **read_credentials(key, password_stdin=password_stdin),
    }
    if user is not None:
        body["ssh_user"] = user
    return body


def _ask_status(client: ApiClient, path: str) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return client.get(f"{path}/status"), None
    except ApiError as error:
        return None, str(error)


def _read_record(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(Path("/dev/stdin" if str(file) == "-" else file).read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{file} is not JSON. Give the record that the role wrote.") from error
    wanted = ("name", *ENROLMENT_FIELDS, FINGERPRINT_FIELD)
    missing = [key for key in wanted if key not in record] if isinstance(record, dict) else wanted
    if missing:
        raise UsageError(f"{file} is no enrolment record: it lacks {', '.join(missing)}.")
    return dict(record)
