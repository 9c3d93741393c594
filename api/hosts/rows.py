# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a host's row made and changed, and what of it is answered?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api import models
from api.hosts import schemas
from api.hosts.errors import AgentNotInstalledError


def make_host(
    *,
    name: str,
    address: str,
    ssh_user: str = "root",
    ssh_port: int = 22,
    groups: Sequence[models.Group] = (),
    variables: dict[str, Any],
    at: datetime,
    **facts: Any,
) -> models.Host:
    """Make the row of a new host, without secrets and agent; ``facts`` are other columns."""
    described = {"labels": {}, "description": "", "location": "", "provider": "", "idc": ""}
    return models.Host(
        name=name,
        address=address,
        ssh_user=ssh_user,
        ssh_port=ssh_port,
        variables=variables,
        groups=list(groups),
        agent=None,
        secret_variables_sealed=None,
        created_at=at,
        updated_at=at,
        revision=1,
        **{**described, **facts},
    )


def get_agent(host: models.Host) -> models.Agent:
    """Return the row of the host's agent.

    Raises:
        AgentNotInstalledError: there is none.
    """
    if host.agent is None:
        raise AgentNotInstalledError.of(host.name)
    return host.agent


def mark_changed(host: models.Host, at: datetime) -> None:
    """Write down that the host has changed; whoever changes a row says so."""
    host.updated_at = at
    host.revision += 1


def move_host(host: models.Host, address: str, ssh_port: int) -> None:
    """Set where the host is; the SSH key of a server elsewhere says nothing about this one."""
    if (address, ssh_port) != (host.address, host.ssh_port):
        host.ssh_host_key = None
    host.address, host.ssh_port = address, ssh_port


def describe_connection(host: models.Host) -> dict[str, Any]:
    """Say how Ansible reaches the host over SSH, which playbooks look up too."""
    return {
        "ansible_host": host.address,
        "ansible_user": host.ssh_user,
        "ansible_port": host.ssh_port,
    }


def describe_host(host: models.Host, secret_variables: list[str]) -> schemas.Host:
    """Turn a row into what is answered: everything but its secrets, of which only the names."""
    return schemas.Host(
        name=host.name,
        address=host.address,
        ssh_user=host.ssh_user,
        ssh_port=host.ssh_port,
        has_ssh_credentials=host.ssh_credentials_sealed is not None,
        groups=[group.name for group in host.groups],
        variables=host.variables,
        secret_variables=secret_variables,
        labels=host.labels,
        description=host.description,
        location=host.location,
        provider=host.provider,
        idc=host.idc,
        maintenance_since=host.maintenance_since,
        maintenance_reason=host.maintenance_reason,
        max_playbooks=host.max_playbooks,
        max_commands=host.max_commands,
        agent=describe_agent(host.agent),
        revision=host.revision,
        created_at=host.created_at,
        updated_at=host.updated_at,
    )


def describe_agent(agent: models.Agent | None) -> schemas.AgentInfo:
    """Turn an agent's row, or that there is none, into what is answered."""
    if agent is None:
        return schemas.AgentInfo(status="not_installed")
    return schemas.AgentInfo.model_validate(agent, from_attributes=True)
