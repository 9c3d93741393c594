# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a host's row made and changed, and what of it is answered?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api import models
from api.hosts import schemas


def make_host(
    *,
    name: str,
    address: str,
    ssh_user: str = "root",
    ssh_port: int = 22,
    groups: Sequence[str],
    variables: dict[str, Any],
    at: datetime,
) -> models.Host:
    """Make the row of a new host, without credentials and agent."""
    return models.Host(
        name=name,
        address=address,
        ssh_user=ssh_user,
        ssh_port=ssh_port,
        variables=variables,
        group_rows=[models.HostGroup(name=group) for group in groups],
        agent=None,
        created_at=at,
        updated_at=at,
        revision=1,
    )


def mark_changed(host: models.Host, at: datetime) -> None:
    """Write down that the host has changed; whoever changes a row says so."""
    host.updated_at = at
    host.revision += 1


def set_groups(host: models.Host, groups: Sequence[str]) -> None:
    """Make the host a member of exactly these groups."""
    kept = {row.name: row for row in host.group_rows}
    host.group_rows = [kept.get(name) or models.HostGroup(name=name) for name in groups]


def move_host(host: models.Host, address: str, ssh_port: int) -> None:
    """Set where the host is; the SSH key of a server elsewhere says nothing about this one."""
    if (address, ssh_port) != (host.address, host.ssh_port):
        host.ssh_host_key = None
    host.address, host.ssh_port = address, ssh_port


def describe_host(host: models.Host) -> schemas.Host:
    """Turn a row into what is answered: everything but its secrets."""
    return schemas.Host(
        name=host.name,
        address=host.address,
        ssh_user=host.ssh_user,
        ssh_port=host.ssh_port,
        has_ssh_credentials=host.ssh_credentials_sealed is not None,
        groups=[group.name for group in host.group_rows],
        variables=host.variables,
        agent=_describe_agent(host.agent),
        created_at=host.created_at,
        updated_at=host.updated_at,
    )


def _describe_agent(agent: models.Agent | None) -> schemas.AgentInfo:
    if agent is None:
        return schemas.AgentInfo(status="not_installed")
    return schemas.AgentInfo.model_validate(agent, from_attributes=True)
