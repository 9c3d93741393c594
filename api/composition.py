# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the control plane made of? The one place that builds what lives as long as the process.

``Services`` live as long as one unit of work (one transaction, see ``api.db.database``)::

    async with composition.unit_of_work() as services:
        host = await services.hosts.get_host("web1")
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial

from api.access import Access, note_end
from api.agents.calls import AgentCalls
from api.agents.client import AgentClient
from api.auth.scopes import EVERYTHING, Scope
from api.bundles.intake import BundleIntake
from api.bundles.limits import read_limits
from api.bundles.signing import load_signer
from api.bundles.store import BundleStore
from api.core.clock import Clock, SystemClock
from api.core.private_files import ensure_private_dir
from api.core.sealing import load_sealer
from api.core.settings import Settings
from api.core.tracing.spans import start_tracing, stop_tracing
from api.db.database import Database
from api.db.migrate import migrate
from api.executions.changes import Changes
from api.executions.navigator import LogNavigator
from api.executions.reader import ExecutionReader
from api.groups.vault import GroupVault
from api.heartbeats.findings import Findings
from api.heartbeats.heartbeats import Heartbeats, Interval, Share
from api.hosts.contacts import HostContacts
from api.hosts.maintenance import HostMaintenance
from api.hosts.rotation import CurrentCalls, HostRotator
from api.hosts.selection.fleet import FleetCache
from api.hosts.vault import HostVault
from api.metrics.service import Monitor
from api.notifications.feed.reader import Feed
from api.process_parts import build_connections, build_installer, make_lock, open_logs
from api.replicas.replica import Replica
from api.retention.bundles import BundleRemoval
from api.retention.retention import Retention
from api.runs.launcher import RunLauncher
from api.runs.launching.preparing import RunPreparer
from api.runs.reporting.intake import ReportIntake
from api.runs.rollout.steering import RunSteering
from api.runs.stream import RunStreams
from api.services import Services
from api.templates.service import TemplateService
from api.trigger_parts import TriggerParts
from api.workflows.conductor import Conductor, Parts
from api.workflows.install_driver import HostInstaller


class Composition:
    """The parts of one control plane process."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        agents: AgentCalls | None = None,
        installer: HostInstaller | None = None,
    ) -> None:
        """Take the settings, and for tests another clock, other agents or another installer."""
        self.settings = settings
        self.clock = clock or SystemClock()
        ensure_private_dir(settings.data_dir)
        self._lock = make_lock(settings)
        self.sealer = load_sealer(settings.secret_key_file)
        self._signer = load_signer(settings.signing_key_file)
        self.database = Database(settings.sqlalchemy_url, settings.database_connections)
        self.access = Access(settings, self.unit_of_work, self.clock, self.sealer)
        self.host_vault = HostVault(self.sealer)
        self.fleets = FleetCache()
        self._agent_client = AgentClient(settings.rpc_timeout_s)
        agents = self.monitor.measure(agents or self._agent_client)
        self.agents = CurrentCalls(self.unit_of_work, agents)
        self.host_contacts = self._make_host_contacts()
        self.connections = build_connections(settings, self.unit_of_work, self.agents)
        self.host_maintenance = HostMaintenance(self.unit_of_work, self.notify_hosts)
        self.host_rotator = HostRotator(self.unit_of_work, agents)
        self.bundle_store = BundleStore(settings.bundles_dir)
        self.bundle_intake = self._make_bundle_intake()
        self.logs = open_logs(settings, self.database)
        self.changes = Changes()
        read_work = partial(self.unit_of_work, read_only=True)
        self.execution_reader = ExecutionReader(read_work, self.logs, self.changes, self.clock)
        self.run_streams = RunStreams(read_work, self.logs, self.changes)
        self._conductor = self._make_conductor(installer or build_installer(settings, self._signer))
        self._replica: Replica | None = None
        self.run_launcher = self._make_run_launcher()
        self.run_steering = self._make_run_steering()

    @cached_property
    def log_navigator(self) -> LogNavigator:
        """Finds places in logs."""
        return LogNavigator(self.execution_reader, self.logs)

    @cached_property
    def triggers(self) -> TriggerParts:
        """What starts runs by itself."""
        return TriggerParts(
            self.unit_of_work,
            self.run_launcher,
            self.clock,
            self.settings,
            self.monitor.note_set_aside,
            self.changes.publish_feed,
        )

    @cached_property
    def feed(self) -> Feed:
        """What happens to runs and hosts."""
        return Feed(partial(self.unit_of_work, read_only=True), self.changes, self.clock)

    @cached_property
    def templates(self) -> TemplateService:
        """The templates of all content."""
        return TemplateService(self.bundle_intake, self.bundle_store)

    def notify_hosts(self, host_ids: Sequence[int]) -> None:
        """Let executions go on that wait for these hosts: something was heard of them."""
        self._conductor.notify_hosts(host_ids)

    @cached_property
    def group_vault(self) -> GroupVault:
        """The secrets of groups."""
        return GroupVault(self.sealer)

    async def open(self) -> None:
        """Bring the database to its form and start what runs in the background.

        Raises:
            SettingsError: the data directory is in use, or written by a newer version.
        """
        self._lock.acquire()
        if self.settings.traces:
            start_tracing()
        await migrate(self.database.engine)
        await self.access.open()
        await asyncio.to_thread(self.bundle_store.open)
        await self._agent_client.open()
        self._replica = self._make_replica()
        await (self._replica or self._conductor).open()
        self.triggers.open()
        self.retention.open()
        self.monitor.open()
        if self.settings.heartbeats:
            await self._heartbeats.open()

    async def close(self) -> None:
        """Stop what runs in the background and close the database."""
        self.monitor.close()
        await self.retention.close()
        await self.triggers.close()
        self.changes.close()
        if self.settings.heartbeats:
            await self._heartbeats.close()
        await (self._replica or self._conductor).close()
        await self.access.close()
        await self.logs.close()
        await self._agent_client.close()
        await self.database.close()
        await asyncio.to_thread(stop_tracing)
        self._lock.release()

    def _make_replica(self) -> Replica | None:
        """Make what ties this process to others on the same database, where there may be any."""
        if self.settings.postgresql_url is None:
            return None
        return Replica(
            self.settings,
            self.database.unit_of_work,
            partial(self.unit_of_work, read_only=True),
            self._lock,
            self._conductor,
            self.changes,
        )

    @cached_property
    def monitor(self) -> Monitor:
        """What those learn who watch the control plane."""
        data_dir, count = self.settings.data_dir, self.database.count_connections
        return Monitor(self.unit_of_work, self.clock, data_dir, count)

    @cached_property
    def bundle_removal(self) -> BundleRemoval:
        """What removes content bundles."""
        return BundleRemoval(self.unit_of_work, self.bundle_store, self.settings.keep_bundles)

    @cached_property
    def retention(self) -> Retention:
        """What removes what is old."""
        is_mine = lambda: self._replica is None or self._replica.is_first  # noqa: E731
        return Retention(self, self.monitor.retention, self._conductor.forget_ended, is_mine)

    @cached_property
    def _heartbeats(self) -> Heartbeats:
        settings, waits = self.settings, self._conductor.host_waits
        return Heartbeats(
            self.unit_of_work,
            self.agents,
            Findings(self.unit_of_work, waits.hear_of, self.clock),
            self.clock,
            Interval(settings.heartbeat_min_s, settings.heartbeat_max_s),
            lambda: Share(*self._replica.get_place()) if self._replica else Share(),
        )

    def _make_run_launcher(self) -> RunLauncher:
        preparer = RunPreparer(
            self.unit_of_work, self.bundle_intake, self.bundle_store, self.templates
        )
        return RunLauncher(self.unit_of_work, preparer, self._conductor, self.changes)

    def _make_run_steering(self) -> RunSteering:
        return RunSteering(self.unit_of_work, self.run_launcher, self._conductor, self.changes)

    @cached_property
    def report_intake(self) -> ReportIntake:
        """What takes reports of runs that were started elsewhere."""
        lost_after_s = self.settings.agent_lost_after_s
        return ReportIntake(
            self.unit_of_work, self.logs, self.changes, self._conductor, lost_after_s
        )

    def _make_host_contacts(self) -> HostContacts:
        return HostContacts(
            self.unit_of_work, self.agents, self._signer.public_key, self.notify_hosts
        )

    def _make_bundle_intake(self) -> BundleIntake:
        settings = self.settings
        return BundleIntake(
            self.unit_of_work, self.bundle_store, settings.content_dir, read_limits(settings)
        )

    def _make_conductor(self, installer: HostInstaller) -> Conductor:
        return Conductor(
            Parts(
                settings=self.settings,
                open_work=self.unit_of_work,
                agents=self.agents,
                installer=installer,
                find_archive=self.bundle_store.get_archive,
                sign_bundle=self._signer.sign,
                logs=self.logs,
                changes=self.changes,
                clock=self.clock,
            )
        )

    @asynccontextmanager
    async def unit_of_work(
        self, *, read_only: bool = False, concurrent: bool = False, scope: Scope = EVERYTHING
    ) -> AsyncIterator[Services]:
        """Open one transaction and the services on it; commits at the end of the block.

        The services see no host, run or execution beyond the ``scope``. What is done for somebody
        has theirs; everything is for what the control plane does by itself.
        """
        async with self.database.unit_of_work(
            read_only=read_only, concurrent=concurrent
        ) as session:
            services = Services(self, session, scope)
            yield services
        note_end(self.access.witness, services)
