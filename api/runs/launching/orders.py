# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down of a request for a run? What it asks for, and its secrets apart."""

import shlex
from typing import Any

from api.runs.launching.preparing import Prepared
from api.runs.orders import Order
from api.runs.schemas import (
    CommandRunCreate,
    InstallCreate,
    PlaybookRunCreate,
    ScriptRunCreate,
    SshAccess,
    UninstallCreate,
)


def build_order(
    request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate,
    prepared: Prepared,
    hosts_total: int,
) -> Order:
    """Build the order of a run on agents; a playbook's variables are those that were checked.

    Raises:
        DoesNotHoldError: something would silently go wrong, and nobody said that it may.
    """
    content, arguments = prepared.content, prepared.arguments
    spec = request.model_dump(
        exclude={"kind", "limit", "timeout_s", "extra_vars", "bundle_digest", "rollout"}
    )
    spec["warnings"] = [*content.warn(request, hosts_total), *arguments.warnings]
    secrets: dict[str, Any] = {}
    if isinstance(request, PlaybookRunCreate):
        spec["brings_content"] = request.bundle_digest is not None
        if arguments.values:
            secrets = {"extra_vars": arguments.values, "masked": arguments.secrets}
    return Order(
        kind=request.kind,
        name=_name(request),
        spec=spec,
        secrets=secrets,
        limit=request.limit,
        bundle_digest=content.digest,
        timeout_s=request.timeout_s,
        rollout=request.rollout,
    )


def build_ssh_order(request: InstallCreate | UninstallCreate) -> Order:
    """Build the order of a run over SSH."""
    return Order(
        kind="install" if isinstance(request, InstallCreate) else "uninstall",
        name=", ".join(request.hosts),
        spec=request.model_dump(exclude={"hosts", "ssh_private_key", "ssh_password"}),
        secrets=_reveal_credentials(request),
    )


def _reveal_credentials(request: SshAccess) -> dict[str, str]:
    given = {"private_key": request.ssh_private_key, "password": request.ssh_password}
    return {name: secret.get_secret_value() for name, secret in given.items() if secret is not None}


def _name(request: PlaybookRunCreate | CommandRunCreate | ScriptRunCreate) -> str:
    if isinstance(request, PlaybookRunCreate):
        return request.playbook
    if isinstance(request, ScriptRunCreate):
        return request.script.name
    return shlex.join(request.command)
