# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about the inventory as a whole: ``import`` and ``list``.

An inventory is read by ``ansible-inventory`` on this machine: its plugins, their credentials and
the vault's password never leave it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import CliError, UsageError
from api.cli.remote.client import open_client
from api.cli.terminal.output import say
from api.cli.terminal.tables import print_json
from api.cli.watching.outcome import ExitCode

IMPORT_TIMEOUT_S = 300.0
"""Ten thousand hosts take a few seconds."""

SHOWN_NAMES = 20
"""Names that are listed of what changes; --json has them all."""

_STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
"""Ansible goes on without what it cannot read; to prune by the rest would be fatal."""

Json = dict[str, Any]


Sources = Annotated[
    list[str],
    typer.Option(
        "--inventory",
        "-i",
        metavar="PATH",
        help="What 'ansible-inventory -i' takes. Repeatable.",
    ),
]
VaultPasswordFile = Annotated[
    Path | None, typer.Option("--vault-password-file", metavar="FILE", help="For encrypted files.")
]
SecretGlobs = Annotated[
    list[str] | None,
    typer.Option(
        "--secret-var",
        metavar="GLOB",
        help="Keep variables of such names sealed: 'vault_*'. Repeatable.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Change nothing, tell what would change.")
]
Prune = Annotated[
    bool,
    typer.Option("--prune", help="Remove also what is not in it: hosts without an agent, groups."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON document.")]


def import_inventory(
    *,
    sources: Sources,
    vault_password_file: VaultPasswordFile = None,
    secret_variables: SecretGlobs = None,
    dry_run: DryRun = False,
    prune: Prune = False,
    as_json: AsJson = False,
) -> int:
    """Take over hosts and groups from any inventory of Ansible; again, it changes nothing.

    A host gets exactly the variables and groups that it has there; of groups, variables and
    children are added. ansible_host, ansible_port and ansible_user become its address and SSH
    account; what else says how Ansible logs in is left out.

    Variables that are vaulted one by one stay so. Those of files that are encrypted as a whole
    arrive in clear text: name them with --secret-var.

    Examples:
      myx inventory import -i inventory/production --dry-run
      myx inventory import -i hosts.ini -i aws_ec2.yml --secret-var 'vault_*'
    """
    body = {
        "inventory": _read(sources, vault_password_file),
        "secret_variables": secret_variables or [],
        "dry_run": dry_run,
        "prune": prune,
    }
    result = open_client().post("/inventory/import", body, timeout_s=IMPORT_TIMEOUT_S)
    if as_json:
        print_json(result)
        return ExitCode.SUCCESSFUL
    for warning in result["warnings"]:
        say(f"Warning: {warning}.")
    for noun in ("groups", "hosts"):
        _tell(noun, result[noun], dry_run=dry_run)
    return ExitCode.SUCCESSFUL


def list_inventory(
    *,
    host: Annotated[
        str | None, typer.Option("--host", metavar="NAME", help="Only the variables of this host.")
    ] = None,
) -> int:
    """Print the inventory as Ansible's JSON, without secret variables.

    As an inventory of Ansible itself, use the program myx-inventory.

    Examples:
      myx inventory list > inventory.json
      myx inventory list --host web1
      ansible-inventory -i "$(command -v myx-inventory)" --graph
    """
    print_json(open_client().get("/inventory", host=host))
    return ExitCode.SUCCESSFUL


def _read(sources: list[str], vault_password_file: Path | None) -> Json:
    command = [_find_program(), "--list", "--export"]
    for source in sources:
        command += ["-i", source]
    if vault_password_file is not None:
        command += ["--vault-password-file", str(vault_password_file)]
    try:
        ran = subprocess.run(command, stdout=subprocess.PIPE, check=False, env=_STRICT | os.environ)
    except OSError as error:
        raise CliError(f"{command[0]} cannot be run: {error.strerror}.") from error
    if ran.returncode:
        raise UsageError(
            f"ansible-inventory could not read it (exit code {ran.returncode}); what it said "
            "stands above. Nothing was changed."
        )
    try:
        document: Json = json.loads(ran.stdout)
    except ValueError as error:
        raise CliError("ansible-inventory printed no JSON. Nothing was changed.") from error
    return document


def _find_program() -> str:
    """Return the user's own Ansible, whose collections the inventory may need, or ours."""
    return shutil.which("ansible-inventory") or str(
        Path(sys.executable).parent / "ansible-inventory"
    )


def _tell(noun: str, changes: Json, *, dry_run: bool) -> None:
    verb = "would be " if dry_run else ""
    for what in ("created", "updated", "removed"):
        names = changes[what]
        if names:
            shown = ", ".join(names[:SHOWN_NAMES])
            more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            say(f"{len(names)} {noun} {verb}{what}: {shown}{more}")
    say(f"{changes['unchanged']} {noun} unchanged")
