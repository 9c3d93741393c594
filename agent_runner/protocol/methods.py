# SPDX-License-Identifier: GPL-3.0-or-later
"""Which methods does an agent answer, with which parameters, and with what?

Every method takes one parameters object and answers one result object. Unknown parameters are
refused, so that a misspelt ``timout`` is an error and not an execution without a limit. Offsets
and sizes are bytes, durations are seconds, times are Unix seconds.
"""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from agent_runner.protocol.pieces import Encoding
from agent_runner.protocol.reasons import ReasonCode
from agent_runner.protocol.signing import SIGNATURE_PATTERN

PROTOCOL_VERSION = 1
"""Raised when a peer of the version before would misunderstand a message."""

TOKEN_HEADER = "X-Agent-Token"  # noqa: S105 - the name of a header, not a secret
"""The header that carries the agent's token."""

MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""A request body above this is answered 413; larger things travel in pieces."""

MAX_PIECE_BYTES = 256 * 1024
"""The largest piece of a log or bundle in one message: the measured optimum for throughput."""

MIN_PIECE_BYTES = 4
"""The smallest piece that may be asked for: the longest UTF-8 character."""

MAX_WAIT_S = 55.0
"""The longest a read may wait for a new byte: below the 60 s at which proxies give up."""

MAX_EVENTS = 1000
"""The most events in one answer."""

MAX_STDIN_BYTES = 3 * 1024 * 1024
"""The most standard input of a command; more is a file that a shell redirects."""

INLINE_OUTPUT_BYTES = 64 * 1024
"""A command's final result repeats stdout and stderr when together they are at most this long."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What a command_id may look like: it names a folder on the host."""

DIGEST_PATTERN = r"^[0-9a-f]{64}$"
"""A SHA-256 in lower-case hexadecimal."""

ACCOUNT_PATTERN = r"^[A-Za-z_][A-Za-z0-9._-]{0,63}[$]?$"
"""What the name of an account on a host may look like."""

MAX_PRINCIPAL_CHARS = 256
"""The longest name of who asks; it is for the host's audit log and decides nothing."""

Kind = Literal["command", "script", "playbook"]
BundleSignatures = Literal["required", "not_required", "no_key"]
"""Whether a host takes only signed content; without a key it cannot."""

WarmState = Literal["off", "idle", "starting", "ready"]
"""Whether playbooks can be forked from a process that has loaded Ansible; ``idle`` before one is
asked for."""

LogType = Literal["stdout", "stderr"]
State = Literal["pending", "running", "successful", "failed", "canceled", "timed_out", "lost"]
END_STATES: frozenset[State] = frozenset({"successful", "failed", "canceled", "timed_out", "lost"})
"""No execution leaves one of these."""

CommandId = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
Digest = Annotated[str, msgspec.Meta(pattern=DIGEST_PATTERN)]
Principal = Annotated[str, msgspec.Meta(max_length=MAX_PRINCIPAL_CHARS)]
AccountName = Annotated[str, msgspec.Meta(pattern=ACCOUNT_PATTERN)]
Signature = Annotated[str, msgspec.Meta(pattern=SIGNATURE_PATTERN)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
WaitSeconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT_S)]
PieceBytes = Annotated[int, msgspec.Meta(ge=MIN_PIECE_BYTES, le=MAX_PIECE_BYTES)]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a method; unknown names are refused.

    The bytes of the field that ``trailing`` names may travel behind the JSON (see ``framing``).
    """

    trailing: ClassVar[str] = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a method answers; a newer agent may add fields that an older peer ignores.

    ``trailing`` is as that of ``Message``.
    """

    trailing: ClassVar[str] = ""


class NoParams(Message, frozen=True):
    """The method takes nothing."""


class HealthCheckResult(Result, frozen=True):
    """Answer of ``health_check``."""

    status: Literal["ok"]
    version: str
    protocol_version: int


class RunningExecution(Result, frozen=True):
    """One execution that has not ended, or has ended and is not acknowledged."""

    command_id: str
    kind: Kind
    state: State
    started_at: float | None = None
    finished_at: float | None = None


class Load(Result, frozen=True):
    """How busy the host is."""

    load_1m: float
    cpu_count: int
    memory_total_bytes: int
    memory_available_bytes: int
    disk_total_bytes: int
    disk_free_bytes: int


class HeartbeatResult(Result, frozen=True):
    """Answer of ``heartbeat``: what the scheduler wants to know, cheaply."""

    status: Literal["ok"]
    version: str
    running: list[str]
    load: Load


class WarmStatus(Result, frozen=True):
    """How playbooks are started: forked from a process that has loaded Ansible, or the stock way.

    ``profiles`` counts the sets of content and settings for which such a process is kept, and
    ``ready`` those of them that can fork now. ``forks``, ``fallbacks`` (by reason: playbooks that
    went the stock way) and ``restarts`` (of these processes) count since the agent's start.
    ``modules`` counts those of ended playbooks: ``warm``, or by the reason for the stock way.
    """

    state: WarmState
    profiles: int = 0
    ready: int = 0
    forks: int = 0
    fallbacks: dict[str, int] = {}
    restarts: int = 0
    modules: dict[str, int] = {}


class GetStatusResult(Result, frozen=True):
    """Answer of ``get_status``; ``uptime_s`` counts since the agent started, not the host.

    ``bundle_public_key`` is whose signed content the host takes. An agent that is older than
    warm execution says nothing about it.
    """

    version: str
    protocol_version: int
    uptime_s: float
    hostname: str
    os: str
    kernel: str
    architecture: str
    python_version: str
    ansible_core_version: str
    load: Load
    limits: dict[str, int]
    running: list[RunningExecution]
    bundle_signatures: BundleSignatures = "no_key"
    bundle_public_key: str | None = None
    warm: WarmStatus | None = None


class GetPortResult(Result, frozen=True):
    """Answer of ``get_port``."""

    rpc_port: int


class Script(Message, frozen=True):
    """A script to run: its first line decides the interpreter, ``/bin/sh`` where it has none."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[^/\x00]{1,255}$")]
    content: str


class ExecuteCommandParams(Message, frozen=True, omit_defaults=True):
    """Parameters of ``execute_command``.

    ``command`` and ``args`` are one argument vector; no shell is involved. With ``script`` its
    content is the program, ``command`` is ignored but for the audit, and ``args`` are the
    script's arguments. ``timeout`` is seconds, ``None`` no limit. ``secrets`` are values that
    never leave the host in a log. ``user`` is the account to run as, ``None`` the agent's own.
    ``principal`` is who asked the control plane for it. ``stdin`` is its standard input, and may
    travel behind the JSON. Without ``keep`` nothing of it is written to disk but the line in the
    host's audit log: it is ended when nobody has asked for it for a minute, and is forgotten when
    it is acknowledged. What is not said is not sent, as with ``execute_ansible``.
    """

    trailing: ClassVar[str] = "stdin"

    command: Annotated[str, msgspec.Meta(min_length=1)]
    command_id: CommandId
    args: list[str] = []
    timeout: Seconds | None = None
    script: Script | None = None
    secrets: list[str] = []
    user: AccountName | None = None
    principal: Principal = ""
    stdin: Annotated[bytes, msgspec.Meta(max_length=MAX_STDIN_BYTES)] = b""
    keep: bool = True


class ExecuteAnsibleParams(Message, frozen=True, omit_defaults=True):
    """Parameters of ``execute_ansible``.

    ``playbook`` is a path inside the content bundle with digest ``bundle``. ``inventory`` is
    Ansible's inventory in its YAML plugin's JSON form (``{"all": {"hosts": ..., ...}}``), in
    which ``inventory_hostname`` is the name of this host. ``limit`` is what the caller asked
    for: the control plane has applied it when it chose the hosts, here it is only written down.
    Plays for this host and for localhost run; the other hosts of the inventory are only seen.
    ``fleet`` are the names of all hosts and their groups, packed (``protocol/fleets.py``): they
    join the inventory without variables. Without ``warm`` it runs the stock way; what is not said
    is not sent, so that an agent which is older than this parameter takes the others.
    """

    playbook: Annotated[str, msgspec.Meta(min_length=1)]
    command_id: CommandId
    bundle: Digest
    inventory: dict[str, Any]
    inventory_hostname: Annotated[str, msgspec.Meta(min_length=1)]
    fleet: str = ""
    extra_vars: dict[str, Any] = {}
    timeout: Seconds | None = None
    limit: str | None = None
    check: bool = False
    diff: bool = False
    tags: list[str] = []
    skip_tags: list[str] = []
    verbosity: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    secrets: list[str] = []
    principal: Principal = ""
    warm: bool = True


class StartResult(Result, frozen=True):
    """Answer of ``execute_command`` and ``execute_ansible``.

    ``created`` is false where an execution with that id existed: nothing was started again.
    """

    status: State
    command_id: str
    created: bool


class GetCommandLogParams(Message, frozen=True):
    """Parameters of ``get_command_log``: a read at a byte offset that may wait for a new byte."""

    command_id: CommandId
    offset: Offset = 0
    limit: PieceBytes = MAX_PIECE_BYTES
    wait_s: WaitSeconds = 0


class ExecutionResult(Result, frozen=True):
    """How an execution ended.

    ``return_code`` is the program's, ``-N`` where signal N ended it, and ``None`` where there is
    none. ``ended_processes`` counts what a cancel or timeout had to end. ``dropped_bytes`` of
    output and ``dropped_events`` were not kept, since they passed a limit. ``stdout`` and
    ``stderr`` are there for commands whose output is short text. ``warm`` is whether a playbook
    was forked from a process that had loaded Ansible.
    """

    success: bool
    state: State
    return_code: int | None
    reason_code: ReasonCode
    reason: str
    started_at: float | None
    finished_at: float
    ended_processes: int = 0
    log_bytes: int = 0
    dropped_bytes: int = 0
    dropped_events: int = 0
    stdout: str | None = None
    stderr: str | None = None
    warm: bool | None = None


class GetCommandLogResult(Result, frozen=True):
    """Answer of ``get_command_log``: one contiguous piece of one type.

    ``offset`` is its first byte, ``new_offset = offset + length``, ``size`` what is stored by
    now. ``is_final`` only when the execution has ended and ``new_offset == size``; then
    ``result`` is there.
    """

    log_data: str
    log_type: LogType
    encoding: Encoding
    offset: int
    new_offset: int
    size: int
    is_final: bool
    result: ExecutionResult | None = None


class GetEventsParams(Message, frozen=True):
    """Parameters of ``get_events``: the events behind sequence number ``after``."""

    command_id: CommandId
    after: Offset = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_EVENTS)] = MAX_EVENTS
    wait_s: WaitSeconds = 0


class GetEventsResult(Result, frozen=True):
    """Answer of ``get_events``.

    Events are in ansible-runner's form (``uuid, counter, event, event_data, stdout, start_line,
    end_line, ...``); ``counter`` is the sequence number, the first is 1. ``is_final`` only when
    the execution has ended and no event is behind ``last``.
    """

    events: list[dict[str, Any]]
    last: int
    is_final: bool


class CancelCommandParams(Message, frozen=True):
    """Parameters of ``cancel_command``."""

    command_id: CommandId
    principal: Principal = ""
    reason: str = "canceled by the control plane"


class CancelCommandResult(Result, frozen=True):
    """Answer of ``cancel_command``: the state at that moment; the end is read from the log."""

    command_id: str
    status: State


class ListCommandsResult(Result, frozen=True):
    """Answer of ``list_commands``: what runs, and what has ended and is not acknowledged."""

    commands: list[RunningExecution]


class AcknowledgeCommandParams(Message, frozen=True):
    """Parameters of ``acknowledge_command``: the caller has stored log, events and result."""

    command_id: CommandId


class AcknowledgeCommandResult(Result, frozen=True):
    """Answer of ``acknowledge_command``."""

    command_id: str


class PutBundleParams(Message, frozen=True):
    """Parameters of ``put_bundle``: a piece of a tar.gz, base64, at ``offset`` of ``size``.

    ``signature`` is the control plane's (see ``agent_runner.protocol.signing``), with every piece.
    Empty ``data`` asks how much the host already has. The piece that completes the bundle is
    answered when the digest is verified and the content is unpacked.
    """

    digest: Digest
    size: Annotated[int, msgspec.Meta(gt=0)]
    offset: Offset
    data: str
    signature: Signature | None = None


class PutBundleResult(Result, frozen=True):
    """Answer of ``put_bundle``: send the next piece at ``received`` unless ``complete``."""

    digest: str
    received: int
    complete: bool
