# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries out runs is made of which parts? Built here, opened and closed as one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.agents.calls import AgentCalls
from api.agents.retry import RetryingCalls
from api.core.clock import Clock
from api.core.settings import Settings
from api.executions.changes import Changes
from api.logs.store import LogStore
from api.runs.schemas import RunKind
from api.workflows.agent_driver import AgentDriver
from api.workflows.bundle_sender import BundleSender
from api.workflows.engine import WorkflowEngine
from api.workflows.group_commit import GroupCommit
from api.workflows.install_driver import HostInstaller, InstallDriver
from api.workflows.recorder import Recorder
from api.workflows.run_driver import Lane, RunDriver
from api.workflows.starting import Starter
from api.workflows.work import OpenWork


@dataclass(frozen=True, slots=True)
class Parts:
    """What the conductor stands on."""

    settings: Settings
    open_work: OpenWork
    agents: AgentCalls
    installer: HostInstaller
    find_archive: Callable[[str], Path]
    sign_bundle: Callable[[str], str]
    logs: LogStore
    changes: Changes
    clock: Clock


class Conductor:
    """Carries runs out, from their start to their end; one for the whole process."""

    def __init__(self, parts: Parts) -> None:
        self._open_work = parts.open_work
        self._group_commit = GroupCommit(parts.open_work)
        self._run_driver = _build_run_driver(parts, self._group_commit)
        self._engine = WorkflowEngine(
            parts.settings.workflows_database_file, self._run_driver.drive
        )

    async def open(self) -> None:
        """Resume the runs that were under way when the process stopped."""
        async with self._open_work(read_only=True) as work:
            unfinished = await work.runs.list_unfinished_ids()
        await self._engine.open(unfinished)

    async def close(self) -> None:
        """Leave the runs as they are, with all that was learned of them written down."""
        await self._engine.close()
        await self._group_commit.close()

    async def start(self, run_id: int) -> None:
        """Start carrying out a run."""
        await self._engine.start(run_id)

    def cancel(self, run_id: int) -> None:
        """Tell whoever carries the run out that somebody has asked to cancel it."""
        self._run_driver.cancel(run_id)


def _build_run_driver(parts: Parts, group_commit: GroupCommit) -> RunDriver:
    recorder = Recorder(group_commit, parts.logs, parts.changes, parts.clock)
    on_agents = Lane(
        AgentDriver(
            parts.open_work,
            RetryingCalls(parts.agents, parts.clock),
            Starter(BundleSender(parts.find_archive, parts.sign_bundle)),
            recorder,
            parts.clock,
            parts.settings.agent_lost_after_s,
        ),
        parts.settings.max_concurrent_executions,
    )
    over_ssh = Lane(
        InstallDriver(parts.open_work, parts.installer, parts.agents, recorder, parts.clock),
        parts.settings.max_concurrent_installs,
    )
    lanes: dict[RunKind, Lane] = {
        "playbook": on_agents,
        "command": on_agents,
        "script": on_agents,
        "install": over_ssh,
        "uninstall": over_ssh,
    }
    return RunDriver(parts.open_work, lanes, recorder)
