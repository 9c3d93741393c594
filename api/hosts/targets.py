# SPDX-License-Identifier: GPL-3.0-or-later
"""What do runs and workflows learn of hosts? Plain values that outlive the unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_runner.protocol.methods import Load
from api.db.lists import TableStamp


@dataclass(frozen=True, slots=True)
class Member:
    """A host, the groups that it is directly in, and its labels: what is chosen among."""

    host_id: int
    name: str
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host as an inventory describes it; None where it says nothing."""

    name: str
    groups: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    address: str | None = None
    ssh_user: str | None = None
    ssh_port: int | None = None


@dataclass(frozen=True, slots=True)
class Selector:
    """Which hosts are meant: each of these narrows the others."""

    limit: str | None = None
    """A pattern of Ansible."""
    labels: tuple[str, ...] = ()
    """Requirements, all of which a host must meet."""
    states: tuple[str, ...] = ()
    """States of its agent, one of which it must have; ``failed``: and its last execution failed."""


@dataclass(frozen=True, slots=True)
class HostStanding:
    """What keeps new executions from a host, and how many it may have at once."""

    maintenance: str | None = None
    """Why it is in maintenance; None where it is not."""
    is_offline: bool = False
    """Its agent did not answer when it was asked last."""
    max_playbooks: int | None = None
    max_commands: int | None = None
    has_agent: bool = True


AVAILABLE = HostStanding()
"""The standing of a host of which nothing is known."""


@dataclass(frozen=True, slots=True)
class FleetStamp:
    """Another one after each change of a host or group."""

    hosts: TableStamp
    groups: TableStamp


@dataclass(frozen=True, slots=True)
class HostView:
    """What a host is told of the fleet."""

    inventory: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Its own variables and those of its groups, as Ansible's YAML inventory says it."""
    fleet: str = ""
    """The names and groups of all hosts, packed."""
    secrets: list[str] = field(default_factory=list, repr=False)
    """Values that must not leave the host in a log."""


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """How an agent is addressed and how it knows the control plane; made once for a host."""

    rpc_port: int
    rpc_path: str = field(repr=False)
    agent_token: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SshCredentials:
    """How to log in on a host; at rest only sealed."""

    private_key: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """All that is needed to install an agent on a host over SSH."""

    host_id: int
    name: str
    address: str
    ssh_user: str
    ssh_port: int
    credentials: SshCredentials
    host_key: str | None
    identity: AgentIdentity


@dataclass(frozen=True, slots=True)
class InstallRecord:
    """What an installation ended with."""

    cert_fingerprint: str
    version: str
    host_key: str | None
    identity: AgentIdentity


@dataclass(frozen=True, slots=True)
class Contact:
    """What a try to reach an agent showed: its version, or why it could not be reached."""

    host_id: int
    version: str | None
    error: str | None = None
    load: Load | None = None
    """How busy the host is, where the agent told that too."""
