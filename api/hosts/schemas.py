# SPDX-License-Identifier: GPL-3.0-or-later
"""What do requests and answers about hosts look like?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.core.paging import PageQuery
from api.hosts.fields import (
    Address,
    AgentSecret,
    Fingerprint,
    GroupName,
    Groups,
    HostName,
    Password,
    Port,
    PrivateKey,
    RpcPath,
    SshUser,
    Variables,
)

AgentState = Literal["not_installed", "online", "offline"]

HostOrder = Literal[
    "name", "-name", "address", "-address", "created_at", "-created_at", "updated_at", "-updated_at"
]


class Body(BaseModel):
    """What a request sends; unknown fields are refused, so that none is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HostCreate(Body):
    """A new host."""

    name: HostName
    address: Address
    ssh_user: SshUser = "root"
    ssh_port: Annotated[Port, Field(description="Port of the SSH server")] = 22
    ssh_private_key: PrivateKey | None = None
    ssh_password: Password | None = None
    groups: Groups = []
    variables: Variables = {}


class HostUpdate(Body):
    """What changes of a host; what is left out stays.

    ``groups`` and ``variables`` replace what was there.
    """

    address: Address | None = None
    ssh_user: SshUser | None = None
    ssh_port: Annotated[Port | None, Field(description="Port of the SSH server")] = None
    ssh_private_key: PrivateKey | None = None
    ssh_password: Password | None = None
    forget_ssh_credentials: Annotated[
        bool, Field(description="Drop the key and the password that are kept")
    ] = False
    groups: Groups | None = None
    variables: Variables | None = None


class Enrollment(Body):
    """An agent that runs already: the record that the role ``myx.fleet.agent`` wrote."""

    address: Address
    rpc_port: Annotated[Port, Field(description="Port that the agent listens on")]
    rpc_path: RpcPath
    agent_token: AgentSecret
    secret_key: AgentSecret
    cert_fingerprint: Fingerprint
    groups: Groups | None = None
    variables: Variables | None = None


class HostQuery(PageQuery):
    """Which hosts to list."""

    group: Annotated[GroupName | None, Field(description="Only hosts in this group")] = None
    agent_status: Annotated[
        AgentState | None, Field(description="Only hosts whose agent is in this state")
    ] = None
    search: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=200),
        Field(description="Part of the name or of the address"),
    ] = None
    order_by: Annotated[HostOrder, Field(description="Column; '-' in front for descending")] = (
        "name"
    )


class AgentInfo(BaseModel):
    """What is known of a host's agent."""

    status: AgentState
    version: str | None = None
    rpc_port: int | None = None
    cert_fingerprint: Annotated[str | None, Field(description="The pinned certificate")] = None
    last_seen_at: datetime | None = None
    last_error: Annotated[str | None, Field(description="Why the last contact failed")] = None


class Host(BaseModel):
    """A machine under management."""

    name: str
    address: str
    ssh_user: str
    ssh_port: int
    has_ssh_credentials: Annotated[bool, Field(description="A key or password is kept, sealed")]
    groups: list[str]
    variables: dict[str, Any]
    agent: AgentInfo
    created_at: datetime
    updated_at: datetime


class HostLoad(BaseModel):
    """How busy the host is."""

    load_1m: float
    cpu_count: int
    memory_total_bytes: int
    memory_available_bytes: int
    disk_total_bytes: int
    disk_free_bytes: int


class RunningExecution(BaseModel):
    """An execution that the agent still holds."""

    command_id: Annotated[str, Field(description="The execution's id")]
    kind: str
    state: str
    started_at: Annotated[float | None, Field(description="Unix seconds")] = None
    finished_at: Annotated[float | None, Field(description="Unix seconds")] = None


class HostStatus(BaseModel):
    """What the agent says of its host right now."""

    version: str
    protocol_version: int
    uptime_s: float
    hostname: str
    os: str
    kernel: str
    architecture: str
    python_version: str
    ansible_core_version: str
    load: HostLoad
    limits: dict[str, int]
    running: list[RunningExecution]
    bundle_signatures: Annotated[
        str,
        Field(description="Whether content must be signed: required, not_required or no_key"),
    ]
