# SPDX-License-Identifier: GPL-3.0-or-later
"""What do requests and answers about hosts look like?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.core.paging import PageQuery
from api.groups.fields import Revision, SecretVariables, Text, Variables
from api.hosts.fields import (
    Address,
    AgentSecret,
    Fingerprint,
    Groups,
    HostName,
    Password,
    Port,
    PrivateKey,
    RpcPath,
    ShortText,
    SshUser,
)
from api.hosts.selection.labels import LabelRequirements, Labels

AgentState = Literal["not_installed", "online", "offline"]
PresenceState = Literal["not_installed", "online", "offline", "maintenance"]
"""What the history of a host is made of."""
HostState = Literal["not_installed", "online", "offline", "failed"]
"""A host's agent, or that the last execution there failed."""
HostStates = Annotated[
    tuple[HostState, ...],
    Field(
        max_length=10,
        description="Only hosts whose agent is in one of these states; 'failed' narrows them "
        "to hosts whose last execution failed",
    ),
]

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
    secret_variables: SecretVariables = {}
    labels: Labels = {}
    description: Text = ""
    location: ShortText = ""
    provider: ShortText = ""
    idc: Annotated[ShortText, Field(description="Data centre")] = ""


class HostUpdate(Body):
    """What changes of a host; what is left out stays.

    ``groups``, ``variables`` and ``labels`` replace what was there.
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
    secret_variables: SecretVariables | None = None
    labels: Labels | None = None
    description: Text | None = None
    location: ShortText | None = None
    provider: ShortText | None = None
    idc: Annotated[ShortText | None, Field(description="Data centre")] = None
    revision: Revision = None
    max_playbooks: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Playbooks at once on this host; null: as for all hosts"),
    ] = None
    max_commands: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Commands and scripts at once; null: as for all hosts"),
    ] = None


class Maintenance(Body):
    """Whether a host is in maintenance: nothing new starts there."""

    enabled: bool
    reason: Annotated[str | None, StringConstraints(max_length=500)] = None


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

    pattern: Annotated[
        str | None,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=4096),
        Field(description="Only hosts that this Ansible pattern names", examples=["web:&eu:!db1"]),
    ] = None
    group: Annotated[
        str | None, Field(description="Only hosts in this group, or in a group inside it")
    ] = None
    label: LabelRequirements = ()
    state: HostStates = ()
    search: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=200),
        Field(description="Part of the name or of the address"),
    ] = None
    order_by: Annotated[HostOrder, Field(description="Column; '-' in front for descending")] = (
        "name"
    )


class HostStateChange(BaseModel):
    """A state that a host went into."""

    at: datetime
    state: PresenceState
    reason: str


class HostLoad(BaseModel):
    """How busy the host is."""

    load_1m: float
    cpu_count: int
    memory_total_bytes: int
    memory_available_bytes: int
    disk_total_bytes: int
    disk_free_bytes: int


class AgentInfo(BaseModel):
    """What is known of a host's agent."""

    status: AgentState
    version: str | None = None
    rpc_port: int | None = None
    cert_fingerprint: Annotated[str | None, Field(description="The pinned certificate")] = None
    credentials_rotated_at: Annotated[
        datetime | None, Field(description="When its token and secret key were last replaced")
    ] = None
    last_seen_at: datetime | None = None
    last_error: Annotated[str | None, Field(description="Why the last contact failed")] = None
    load: Annotated[HostLoad | None, Field(description="As its last heartbeat said")] = None


class Host(BaseModel):
    """A machine under management."""

    name: str
    address: str
    ssh_user: str
    ssh_port: int
    has_ssh_credentials: Annotated[bool, Field(description="A key or password is kept, sealed")]
    groups: Annotated[list[str], Field(description="Groups that it is directly in")]
    variables: dict[str, Any]
    secret_variables: Annotated[list[str], Field(description="Names of what is kept sealed")]
    labels: dict[str, str]
    description: str
    location: str
    provider: str
    idc: str
    maintenance_since: Annotated[
        datetime | None, Field(description="Nothing new starts there since then")
    ] = None
    maintenance_reason: str | None = None
    max_playbooks: Annotated[
        int | None, Field(description="Playbooks at once; null: as for all hosts")
    ] = None
    max_commands: Annotated[
        int | None, Field(description="Commands and scripts at once; null: as for all hosts")
    ] = None
    agent: AgentInfo
    revision: int
    created_at: datetime
    updated_at: datetime


class RunningExecution(BaseModel):
    """An execution that the agent still holds."""

    command_id: Annotated[str, Field(description="The execution's id")]
    kind: str
    state: str
    started_at: Annotated[float | None, Field(description="Unix seconds")] = None
    finished_at: Annotated[float | None, Field(description="Unix seconds")] = None


class WarmExecution(BaseModel):
    """How playbooks are started on a host, and how often since its agent's start."""

    state: Annotated[
        str,
        Field(description="Of the processes that have Ansible loaded: off, idle, starting, ready"),
    ]
    profiles: Annotated[int, Field(description="Sets of content and settings that have one")]
    ready: Annotated[int, Field(description="Those of them that can fork now")]
    forks: int
    fallbacks: Annotated[
        dict[str, int], Field(description="Playbooks that went the stock way, by reason")
    ]
    restarts: int
    modules: Annotated[
        dict[str, int],
        Field(description="Modules of ended playbooks: warm, or by the reason for the stock way"),
    ]


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
    bundle_public_key: Annotated[
        str | None, Field(description="The key whose signed content the host takes")
    ]
    warm: Annotated[
        WarmExecution | None, Field(description="Null where the agent is older than warm execution")
    ]
