# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries out runs is made of which parts? Built here, opened and closed as one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from api.agents.calls import AgentCalls
from api.agents.retry import RetryingCalls
from api.core.clock import Clock
from api.core.settings import Settings
from api.executions.changes import Changes
from api.hosts.targets import HostStanding
from api.logs.store import LogStore
from api.runs.schemas import RunKind
from api.workflows.agent_driver import AgentDriver
from api.workflows.bundle_sender import BundleSender
from api.workflows.engine import ONLY_EXECUTOR, WorkflowEngine
from api.workflows.group_commit import GroupCommit
from api.workflows.install_driver import HostInstaller, InstallDriver
from api.workflows.recorder import Recorder
from api.workflows.run_driver import RunDriver
from api.workflows.starting import Starter
from api.workflows.turns.belated import BelatedEnds
from api.workflows.turns.host_waits import HostWaits
from api.workflows.turns.itinerary import JourneyParts
from api.workflows.turns.lanes import Group, Lane
from api.workflows.turns.slots import Slots
from api.workflows.work import OpenWork

PLAYBOOKS = Group("playbook", frozenset({"playbook"}))
COMMANDS = Group("command", frozenset({"command", "script"}))
INSTALLS = Group("install", frozenset({"install", "uninstall"}))


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
        self._changes = parts.changes
        self._group_commit = GroupCommit(parts.open_work)
        recorder = Recorder(self._group_commit, parts.logs, parts.changes, parts.clock)
        calls = RetryingCalls(parts.agents, parts.clock)
        self.host_waits = HostWaits(parts.open_work, parts.agents, parts.clock)
        self._belated = BelatedEnds(
            parts.open_work,
            calls,
            recorder,
            self.host_waits,
            parts.clock,
            parts.settings.agent_lost_after_s,
        )
        self._run_driver = RunDriver(
            JourneyParts(
                parts.open_work, recorder, self.host_waits, parts.clock, self._belated.owe
            ),
            _build_lanes(parts, calls, recorder),
            parts.settings.agent_lost_after_s,
        )
        self._engine = WorkflowEngine(parts.settings.workflows_url, self._run_driver.drive)

    async def open(self, name: str = ONLY_EXECUTOR) -> None:
        """Resume the runs that were under way when the process of this name stopped."""
        await self._belated.open()
        await self._engine.open(name, await self._list_unfinished())

    async def close(self) -> None:
        """Leave the runs as they are, with all that was learned of them written down."""
        await self._engine.close()
        await self._belated.close()
        self.host_waits.close()
        await self._group_commit.close()

    async def start(self, run_id: int) -> None:
        """Start carrying out a run."""
        await self._engine.start(run_id)

    def notify_hosts(self, host_ids: Sequence[int]) -> None:
        """Let go on what waits for these hosts."""
        self.host_waits.notify(host_ids)

    def look_again(self, run_id: int) -> None:
        """Tell whoever carries the run out, on any replica, that somebody wants something else."""
        self._run_driver.look_again(run_id)
        self._changes.publish_wish(run_id)

    async def heed(self, run_ids: Collection[int] | None) -> None:
        """Look at what is wished of these runs, as far as they are carried out here; None: all."""
        mine = self._run_driver.list_runs()
        for run_id in mine if run_ids is None else mine & set(run_ids):
            self._run_driver.look_again(run_id)

    async def take_over(self, living: Collection[str]) -> int:
        """Let the living replicas share the runs of all others; return how many those are."""
        return await self._engine.take_over(living)

    async def start_forgotten(self) -> None:
        """Start the runs that a replica wrote down and did not live to start."""
        await self._engine.ensure(await self._list_unfinished())

    async def forget_ended(self) -> int:
        """Let the durable engine forget the runs that have ended; return how many those were."""
        return await self._engine.forget_ended()

    async def _list_unfinished(self) -> Sequence[int]:
        async with self._open_work(read_only=True) as work:
            return await work.runs.list_unfinished_ids()


def _build_lanes(parts: Parts, calls: RetryingCalls, recorder: Recorder) -> dict[RunKind, Lane]:
    settings, has_replicas = parts.settings, parts.settings.postgresql_url is not None
    on_agents = AgentDriver(
        parts.open_work,
        calls,
        Starter(BundleSender(parts.find_archive, parts.sign_bundle)),
        recorder,
        parts.clock,
        settings.agent_lost_after_s,
    )
    places = Slots(settings.max_concurrent_executions)
    playbooks = Lane(
        on_agents,
        places,
        PLAYBOOKS,
        settings.max_playbooks_per_host,
        _get_max_playbooks,
        shares_with=PLAYBOOKS.kinds | COMMANDS.kinds if has_replicas else None,
    )
    commands = replace(
        playbooks,
        group=COMMANDS,
        host_limit=settings.max_commands_per_host,
        find_own_limit=_get_max_commands,
    )
    over_ssh = _build_install_lane(parts, recorder, has_replicas=has_replicas)
    return {
        "playbook": playbooks,
        "command": commands,
        "script": commands,
        "install": over_ssh,
        "uninstall": over_ssh,
    }


def _build_install_lane(parts: Parts, recorder: Recorder, *, has_replicas: bool) -> Lane:
    return Lane(
        InstallDriver(parts.open_work, parts.installer, parts.agents, recorder, parts.clock),
        Slots(parts.settings.max_concurrent_installs),
        INSTALLS,
        host_limit=1,
        shares_with=INSTALLS.kinds if has_replicas else None,
        needs_agent=False,
    )


def _get_max_playbooks(standing: HostStanding) -> int | None:
    return standing.max_playbooks


def _get_max_commands(standing: HostStanding) -> int | None:
    return standing.max_commands
