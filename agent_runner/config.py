# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the agent told by ``/etc/myx-agent/config.json``, and is it usable?

Port, path, token and secret key are assigned by the control plane: the agent never makes them
up and refuses to start without them.
"""

import os
import stat
from pathlib import Path
from typing import Annotated, Any

import msgspec

from agent_runner.errors import ConfigError
from agent_runner.protocol.credentials import Secret
from agent_runner.protocol.signing import PUBLIC_KEY_PATTERN

DEFAULT_CONFIG_PATH = Path("/etc/myx-agent/config.json")

ASSIGNED_KEYS = ("rpc_port", "rpc_path", "agent_token", "secret_key")
"""The keys without a default."""

_ASSIGNED_REMEDY = (
    "it is assigned by the control plane: install the agent with 'myx host install'"
    " or playbooks/install_agent.yml, which write this file"
)

Count = Annotated[int, msgspec.Meta(ge=1)]
Bytes = Annotated[int, msgspec.Meta(ge=0)]

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
_DAY_S = 24 * 3600


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent may use of its host.

    Attributes:
        max_concurrent: executions that may run at once, whatever their kind.
        max_concurrent_commands: commands of these; without it, only the total counts.
        max_concurrent_scripts: scripts likewise.
        max_concurrent_playbooks: playbooks likewise.
        execution_memory_max_bytes: the most memory that the processes of one execution may use
            together; above it the kernel kills the largest of them. This and the next two hold
            where systemd is the host's init.
        execution_cpu_percent: the most CPU time of one execution, where 100 is one processor.
        execution_tasks_max: the most processes and threads of one execution.
        log_max_bytes: the most that is kept of one execution's log: of a longer one its head,
            and its end as far as it fits into a quarter of this, at most 64 MiB.
        events_max_bytes: the most that is kept of one playbook's events; its recap always is.
        cancel_grace_s: seconds between asking a process tree to end and ending it.
        min_free_disk_bytes: below this free space nothing new is accepted.
        bundle_max_bytes: the largest content bundle as it is sent.
        bundle_unpacked_max_bytes: the largest content bundle when it is unpacked.
        bundle_max_files: the most files, folders and links in a content bundle.
        bundle_keep: so many of the content bundles that nothing uses stay, the last used ones.
        spool_max_age_s: seconds that an execution is kept after its end, once the control plane
            has stored it.
        spool_unacknowledged_max_age_s: seconds that an execution is kept after its end where no
            control plane has asked for it.
        spool_max_bytes: above this size of all executions' logs and records, the oldest that
            have ended and that the control plane has stored are removed.
        spool_max_executions: above this number of kept executions likewise.
    """

    max_concurrent: Count = 100
    max_concurrent_commands: Count | None = None
    max_concurrent_scripts: Count | None = None
    max_concurrent_playbooks: Count | None = None
    execution_memory_max_bytes: Annotated[int, msgspec.Meta(ge=32 * _MIB)] | None = None
    execution_cpu_percent: Count | None = None
    execution_tasks_max: Annotated[int, msgspec.Meta(ge=8)] | None = None
    log_max_bytes: Bytes = 10 * _GIB
    events_max_bytes: Bytes = 2 * _GIB
    cancel_grace_s: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    min_free_disk_bytes: Bytes = 64 * _MIB
    bundle_max_bytes: Bytes = 256 * _MIB
    bundle_unpacked_max_bytes: Bytes = _GIB
    bundle_max_files: Count = 50_000
    bundle_keep: Count = 10
    spool_max_age_s: Count = 7 * _DAY_S
    spool_unacknowledged_max_age_s: Count = 30 * _DAY_S
    spool_max_bytes: Bytes = 20 * _GIB
    spool_max_executions: Count = 1000


class PreviousCredentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pair before a rotation, while it is valid beside the new one.

    Attributes:
        agent_token: the token that callers may still send.
        secret_key: the key that belongs to it.
        valid_until: Unix seconds at which it ends, unless the new token ends it before.
    """

    agent_token: Secret
    secret_key: Secret
    valid_until: float

    def __repr__(self) -> str:
        return f"PreviousCredentials(valid_until={self.valid_until})"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agent's configuration.

    Attributes:
        rpc_port: TCP port of the RPC server.
        rpc_path: first segment of its URL, ``/{rpc_path}/rpc``.
        agent_token: what callers must send in ``X-Agent-Token``.
        secret_key: key for sealed messages; sent only to replace it.
        listen_address: the address to listen on.
        state_dir: spool of the executions.
        content_dir: content bundles, one folder per digest.
        ssl_dir: the agent's certificate and key.
        limits: what the agent may use of its host.
        bundle_public_key: the key with which the control plane signs content, in base64; without
            one, content is taken unsigned.
        require_signed_bundles: refuse content that is not signed with that key.
        warm: start playbooks from a process that has loaded Ansible; without it each is a new
            process.
        previous_credentials: the agent's own note of a rotation that is not over.
    """

    rpc_port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    rpc_path: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,128}$")]
    agent_token: Secret
    secret_key: Secret
    listen_address: str = "0.0.0.0"  # noqa: S104 - the control plane dials in from elsewhere
    state_dir: Path = Path("/var/lib/myx-agent")
    content_dir: Path = Path("/opt/myx-deployment-tool")
    ssl_dir: Path = Path("/etc/myx-agent/ssl")
    limits: Limits = Limits()
    bundle_public_key: Annotated[str, msgspec.Meta(pattern=PUBLIC_KEY_PATTERN)] | None = None
    require_signed_bundles: bool = True
    warm: bool = True
    previous_credentials: PreviousCredentials | None = None

    def __repr__(self) -> str:
        return f"Config(rpc_port={self.rpc_port}, state_dir={str(self.state_dir)!r})"


def load_config(path: Path) -> Config:
    """Read and check the configuration.

    Raises:
        ConfigError: one sentence that names the file, the key and the remedy.
    """
    return convert_config(path, read_config_text(path))


def convert_config(path: Path, text: bytes) -> Config:
    """Check what stands or shall stand in the file; raises as ``load_config``."""
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid JSON ({error}); write it again") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} must hold a JSON object with {', '.join(ASSIGNED_KEYS)}")
    for key in ASSIGNED_KEYS:
        if key not in data:
            raise ConfigError(f"{path}: the key {key} is missing; {_ASSIGNED_REMEDY}")
    return _convert(path, data)


def _convert(path: Path, data: dict[str, Any]) -> Config:
    try:
        return msgspec.convert(data, Config, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " - at `")
        wrong = next((key for key in ASSIGNED_KEYS if message.endswith(f"`{key}`")), None)
        remedy = _ASSIGNED_REMEDY if wrong else "correct it or leave the key out"
        raise ConfigError(f"{path}: {message}; {remedy}") from error


def _decode_path(kind: type, value: Any) -> Path:
    if kind is not Path:
        raise NotImplementedError(kind)
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError("Expected an absolute path")
    return Path(value)


def read_config_text(path: Path) -> bytes:
    """Read the file, unless others can read or replace it; raises as ``load_config``."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_IMODE(status.st_mode) & 0o077:
                raise ConfigError(
                    f"{path} holds secrets and is open to other users; run: chmod 600 {path}"
                )
            if status.st_uid not in {0, os.geteuid()}:
                raise ConfigError(f"{path} belongs to another user; run: chown root {path}")
            return file.read()
    except FileNotFoundError as error:
        keys = ", ".join(ASSIGNED_KEYS)
        raise ConfigError(
            f"{path} does not exist; it holds {keys}, which come from the control plane:"
            " install the agent with 'myx host install' or playbooks/install_agent.yml"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); run as root") from error
