# SPDX-License-Identifier: GPL-3.0-or-later
"""What do runs and workflows learn of hosts? Plain values that outlive the unit of work."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """A host and its groups: what patterns are resolved over."""

    host_id: int
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetStamp:
    """Another one after each change of a host: ids are never used again, revisions only grow."""

    count: int
    newest_id: int
    revisions: int


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


@dataclass(frozen=True, slots=True)
class Contact:
    """What a try to reach an agent showed: its version, or why it could not be reached."""

    host_id: int
    version: str | None
    error: str | None = None
