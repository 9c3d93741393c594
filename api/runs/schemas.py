# SPDX-License-Identifier: GPL-3.0-or-later
"""In which form do runs cross the API, and what may be asked for?"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from agent_runner.protocol.methods import ACCOUNT_PATTERN, DIGEST_PATTERN
from api.core.paging import PageQuery
from api.executions.states import State
from api.hosts.fields import HostName, Password, PrivateKey, SshUser
from api.hosts.selection.requests import LimitedSelection, Selection
from api.runs.outcomes import RunReasonCode
from api.runs.rollout.schemas import Rollout

RunKind = Literal["playbook", "command", "script", "install", "uninstall", "reported"]

MAX_ARGUMENTS = 1000
"""Words of a command line."""

MAX_TIMEOUT_S = 30 * 24 * 3600.0
"""A month: what runs longer is a service."""

MAX_SCRIPT_CHARS = 1024 * 1024
"""A larger script belongs into the content."""

MIN_INSTALL_TIMEOUT_S = 30.0
MAX_INSTALL_TIMEOUT_S = 1800.0


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be passed to a program")
    return text


def _refuse_empty_program(command: list[str]) -> list[str]:
    if not command[0].strip():
        raise ValueError("the first word names the program and is empty")
    return command


Timeout = Annotated[
    float, Field(gt=0, le=MAX_TIMEOUT_S, description="Seconds that an execution may take")
]
Word = Annotated[str, AfterValidator(_refuse_nul), Field(max_length=128 * 1024)]
Tags = Annotated[
    list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]],
    Field(max_length=200),
]
Account = Annotated[
    str,
    Field(
        pattern=ACCOUNT_PATTERN,
        description="Account on the hosts to run as; the agent's own (root) where it is left out",
        examples=["www-data"],
    ),
]
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class Body(BaseModel):
    """A request's body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaybookRunCreate(Selection, Body):
    """Run a playbook of the content on hosts."""

    kind: Literal["playbook"]
    playbook: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=1024),
        AfterValidator(_refuse_nul),
        Field(
            description="Path below the content folder, or name of the template",
            examples=["playbooks/demo.yml"],
        ),
    ]
    bundle_digest: Annotated[
        Digest | None,
        Field(description="Content that was sent with PUT /bundles; else the server's own folder"),
    ] = None
    extra_vars: Annotated[
        dict[str, Any],
        Field(
            description="Variables, which must fit the template's arguments and are converted as "
            "these say; kept sealed, for a retry also where the run fails"
        ),
    ] = {}
    check: Annotated[bool, Field(description="Change nothing, say what would change")] = False
    diff: Annotated[bool, Field(description="Show what changes in files")] = False
    tags: Tags = []
    skip_tags: Tags = []
    verbosity: Annotated[int, Field(ge=0, le=5, description="As many -v")] = 0
    warm: Annotated[
        bool,
        Field(
            description="Fork it from what has loaded Ansible on the host, where that can be done"
        ),
    ] = True
    accept_differences: Annotated[
        bool,
        Field(description="Run it though 'serial', 'run_once' or 'delegate_to' mean other things"),
    ] = False
    timeout_s: Timeout | None = None
    rollout: Rollout = Rollout()


class CommandRunCreate(LimitedSelection, Body):
    """Run a program on hosts; no shell is involved."""

    kind: Literal["command"]
    command: Annotated[
        list[Word],
        Field(min_length=1, max_length=MAX_ARGUMENTS, examples=[["uptime"]]),
        AfterValidator(_refuse_empty_program),
    ]
    user: Account | None = None
    timeout_s: Timeout | None = None
    rollout: Rollout = Rollout()


class ScriptContent(Body):
    """A script; its first line names the interpreter, /bin/sh where it has none."""

    name: Annotated[str, Field(pattern=r"^[^/\x00]{1,255}$", examples=["report.py"])]
    content: Annotated[str, Field(max_length=MAX_SCRIPT_CHARS)]


class ScriptRunCreate(LimitedSelection, Body):
    """Run a script on hosts."""

    kind: Literal["script"]
    script: ScriptContent
    args: Annotated[list[Word], Field(max_length=MAX_ARGUMENTS)] = []
    user: Account | None = None
    timeout_s: Timeout | None = None
    rollout: Rollout = Rollout()


RunCreate = Annotated[
    PlaybookRunCreate | CommandRunCreate | ScriptRunCreate, Field(discriminator="kind")
]


class SshAccess(Body):
    """The hosts, and SSH credentials for this once where theirs do not fit."""

    hosts: Annotated[list[HostName], Field(min_length=1, max_length=1000)]
    accept_new_host_key: Annotated[
        bool, Field(description="Accept and remember the key of a host that is not known yet")
    ] = False
    ssh_user: SshUser | None = None
    ssh_private_key: PrivateKey | None = None
    ssh_password: Password | None = None


class InstallCreate(SshAccess):
    """Install or upgrade the agent of hosts over SSH."""

    forget_ssh_credentials: Annotated[
        bool, Field(description="Forget the stored SSH credentials of each host after success")
    ] = False
    timeout_s: Annotated[
        float,
        Field(
            ge=MIN_INSTALL_TIMEOUT_S,
            le=MAX_INSTALL_TIMEOUT_S,
            description="Seconds to wait until the installed agent answers",
        ),
    ] = 120.0


class UninstallCreate(SshAccess):
    """Remove the agent of hosts over SSH."""

    remove: Annotated[
        bool, Field(description="Forget each host whose agent was removed successfully")
    ] = False


class Run(BaseModel):
    """One trigger: what, where, and how it went."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: RunKind
    name: Annotated[str, Field(description="Playbook, command line, script or hosts")]
    status: State
    reason_code: Annotated[RunReasonCode | None, Field(description="Why it ended, for programs")]
    reason: Annotated[str | None, Field(description="Why it ended, for people")]
    limit: str | None
    labels: list[str]
    states: list[str]
    warnings: Annotated[
        list[str],
        Field(description="What means something else on each host, and suspected typing errors"),
    ]
    check: bool
    diff: bool
    tags: list[str]
    skip_tags: list[str]
    timeout_s: float | None
    bundle_digest: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rollout: Annotated[Rollout, Field(description="How it goes through its hosts")] = Rollout()
    retry_of: Annotated[
        int | None, Field(description="The run whose hosts this one tries again")
    ] = None
    paused_at: Annotated[datetime | None, Field(description="Nothing new starts since then")] = None
    pause_reason: str | None = None
    wait_reason: Annotated[
        str | None, Field(description="What executions wait for that could begin")
    ] = None
    reported_from: Annotated[
        str | None, Field(description="The machine that reports it, where it was started elsewhere")
    ] = None
    job: Annotated[
        str | None, Field(description="What it is called where it was started, such as awx-42")
    ] = None
    hosts_total: Annotated[int, Field(description="Number of executions")]
    counts: Annotated[dict[State, int], Field(description="Number of executions by state")]


class Wave(BaseModel):
    """The executions of a run that go together."""

    number: Annotated[int, Field(description="The first wave is 1")]
    hosts_total: Annotated[int, Field(description="Number of executions")]
    counts: Annotated[dict[State, int], Field(description="Number of executions by state")]


class RunDetail(Run):
    """A run with its waves."""

    waves: list[Wave]


class RunQuery(PageQuery):
    """Which runs are listed."""

    status: Annotated[State | None, Field(description="Only those in this state")] = None
    kind: Annotated[RunKind | None, Field(description="Only those of this kind")] = None
    host: Annotated[str | None, Field(description="Only those that went to this host")] = None
    search: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Part of the name")
    ] = None
    order_by: Annotated[
        Literal["id", "-id", "name", "-name", "created_at", "-created_at", "status", "-status"],
        Field(description="Sorted by; a leading minus turns it round"),
    ] = "-id"
