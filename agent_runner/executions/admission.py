# SPDX-License-Identifier: GPL-3.0-or-later
"""May this execution begin on this host, now? The policy first, then what there is room for."""

import os
import pwd
import shutil
from pathlib import Path

from agent_runner.config import Limits
from agent_runner.executions.registry import Registry
from agent_runner.policy import load_policy_to_judge
from agent_runner.protocol.errors import BusyError, DiskFullError
from agent_runner.protocol.methods import ExecuteCommandParams, Kind

DRAIN_NAME = ".drain"
"""While this file is in the spool, new executions are refused."""

_BUSY_SHOWN = 5
"""How many of the running executions a refusal names."""

_MIB = 1024 * 1024


class Admission:
    """What the administrator allows, and what the limits leave."""

    def __init__(
        self, spool_path: Path, policy_path: Path, registry: Registry, limits: Limits
    ) -> None:
        self._spool_path = spool_path
        self._policy_path = policy_path
        self._registry = registry
        self._limits = limits

    def check_command(self, params: ExecuteCommandParams) -> None:
        """Make sure that the policy allows a command or script, and its account.

        Raises:
            PolicyRefusedError: it does not; names the rule.
        """
        policy = load_policy_to_judge(self._policy_path)
        if params.script is None:
            policy.check_command([params.command, *params.args])
        else:
            policy.check_kind("script")
        policy.check_user(params.user or pwd.getpwuid(os.geteuid()).pw_name)

    def check_playbook(self) -> None:
        """Make sure that the policy allows playbooks.

        Raises:
            PolicyRefusedError: it does not.
        """
        load_policy_to_judge(self._policy_path).check_kind("playbook")

    def check_room(self, kind: Kind) -> None:
        """Make sure that there is room for one more execution of this kind.

        Raises:
            BusyError: too many run, or the administrator lets the host run empty.
            DiskFullError: too little is free.
        """
        if (self._spool_path / DRAIN_NAME).exists():
            raise BusyError(
                "the administrator of this host lets it run empty: it takes no new executions"
                " until 'myx-agent drain --undo'",
                {"limit": "drain"},
            )
        limits = self._limits
        running = self._registry.list_live_ids()
        _check_number("executions", running, "max_concurrent", limits.max_concurrent)
        name = f"max_concurrent_{kind}s"
        limit: int | None = getattr(limits, name)
        if limit is not None:
            _check_number(f"{kind}s", self._registry.list_live_ids(kind), name, limit)
        if shutil.disk_usage(self._spool_path).free < self._limits.min_free_disk_bytes:
            raise DiskFullError(self.describe_room(self._spool_path))

    def describe_room(self, spool_path: Path) -> str:
        """Return how much is free in a spool and what to do about it."""
        free = shutil.disk_usage(spool_path).free
        return (
            f"{free // _MIB} MiB are free in {spool_path}, at least"
            f" {self._limits.min_free_disk_bytes // _MIB} MiB (min_free_disk_bytes) are needed;"
            " free some space on the host"
        )


def _check_number(what: str, running: list[str], name: str, limit: int) -> None:
    """Refuse one more where ``limit`` run already."""
    if len(running) < limit:
        return
    more = len(running) - _BUSY_SHOWN
    ids = ", ".join(running[:_BUSY_SHOWN]) + (f" and {more} more" if more > 0 else "")
    raise BusyError(
        f"this host runs {len(running)} {what}, its limit ({name}) is {limit}; running: {ids}",
        {"limit": name, "running": running},
    )
