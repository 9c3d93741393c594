# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent's process run from its configuration to SIGTERM?"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from agent_runner import __version__
from agent_runner.audit import AUDIT_NAME, AuditLog
from agent_runner.config import Config, Limits
from agent_runner.content import ContentStore, build_rule
from agent_runner.credentials import Credentials
from agent_runner.errors import ConfigError
from agent_runner.executions import Executions, Ways
from agent_runner.executions.starting import build_scope
from agent_runner.executions.supervisor.scope.entering import MANAGER_SOCKET
from agent_runner.files import Files
from agent_runner.server import AgentServer

logger = logging.getLogger(__name__)


async def serve(
    config: Config, config_path: Path, policy_path: Path, hide: Callable[..., None]
) -> None:
    """Run an agent until SIGTERM or SIGINT; ``hide`` keeps new secrets out of its log."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _make_folders(config.state_dir, config.content_dir)
    audit = AuditLog(config.state_dir.resolve() / AUDIT_NAME)
    content = ContentStore(
        config.content_dir,
        config.limits,
        signatures=build_rule(config),
        on_change=lambda digest, change: _note_changed_content(audit, digest, change),
    )
    executions = Executions(
        state_dir=config.state_dir,
        policy_path=policy_path,
        resolve_bundle=content.path_of,
        trim_bundles=content.remove_unused,
        limits=config.limits,
        ways=Ways(_has_scopes(config.limits), config.warm, _find_runtime_dir()),
    )
    credentials = Credentials(config_path, config, audit, hide=hide)
    files = Files(policy_path, audit)
    async with AgentServer(config, content, executions, files, credentials) as server:
        about = {"port": server.port, "version": __version__, "fingerprint": server.fingerprint}
        logger.info("listening", extra=about)
        await stop.wait()
        logger.info("stopping")


def _has_scopes(limits: Limits) -> bool:
    """Tell whether systemd runs us as a service and may be asked by us for scopes."""
    if "INVOCATION_ID" in os.environ and os.geteuid() == 0 and Path(MANAGER_SOCKET).exists():
        return True
    scope = build_scope(limits)._asdict()
    unheld = [f"execution_{name}" for name, limit in scope.items() if limit is not None]
    if unheld:
        logger.warning("limits_without_systemd", extra={"limits": ", ".join(unheld)})
    return False


def _find_runtime_dir() -> Path | None:
    """Return the folder in memory that systemd gives to our service, or None."""
    folders = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folders.split(":")[0]) if folders else None


def _note_changed_content(audit: AuditLog, digest: str, change: str) -> None:
    """Write to the host's audit log that content was not what had been unpacked."""
    try:
        audit.write("content_changed", None, {"digest": digest, "change": change})
    except OSError as error:
        logger.warning("not_audited", extra={"digest": digest, "error": str(error)})


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{folder} cannot be made ({error.strerror}); run as root or name another folder"
            ) from error
