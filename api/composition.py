# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the control plane made of? The one place that builds services from their parts.

``Composition`` lives as long as the process. ``Services`` lives as long as one unit of work
(one transaction, see ``api.db.database``)::

    async with composition.unit_of_work() as services:
        host = await services.hosts.get_host("web1")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property, partial

from sqlalchemy.ext.asyncio import AsyncSession

from api.agents.calls import AgentCalls
from api.agents.client import AgentClient
from api.agents.install import AgentBundles, find_sources
from api.agents.install import HostInstaller as SshInstaller
from api.auth.tokens import Authenticator, load_admin_token
from api.bundles.intake import BundleIntake
from api.bundles.limits import BundleLimits
from api.bundles.repository import BundleRepository
from api.bundles.service import BundleService
from api.bundles.signing import BundleSigner, load_signer
from api.bundles.store import BundleStore
from api.core.clock import Clock, SystemClock
from api.core.exclusive import ExclusiveLock
from api.core.private_files import ensure_private_dir
from api.core.sealing import load_sealer
from api.core.settings import Settings
from api.db.database import Database
from api.db.migrate import migrate
from api.executions.changes import Changes
from api.executions.reader import ExecutionReader
from api.executions.repository import ExecutionsRepository
from api.executions.service import ExecutionsService
from api.hosts.agents import HostAgentService
from api.hosts.contacts import HostContacts
from api.hosts.fleet import FleetCache
from api.hosts.repository import HostRepository
from api.hosts.service import HostService
from api.hosts.vault import HostVault
from api.logs.files import FileLogStore
from api.runs.launcher import RunLauncher
from api.runs.repository import RunsRepository
from api.runs.service import RunsService
from api.runs.stream import RunStreams
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
        self._lock = ExclusiveLock(settings.data_dir / "lock")
        self.sealer = load_sealer(settings.secret_key_file)
        self._signer = load_signer(settings.signing_key_file)
        self.authenticator = Authenticator(load_admin_token(settings.admin_token_file))
        self.database = Database(settings.database_url)
        self.host_vault = HostVault(self.sealer)
        self.fleets = FleetCache()
        self._agent_client = AgentClient(settings.rpc_timeout_s)
        self.agents = agents or self._agent_client
        self.host_contacts = HostContacts(self.unit_of_work, self.agents)
        self.bundle_store = BundleStore(settings.bundles_dir)
        self.bundle_intake = BundleIntake(
            self.unit_of_work, self.bundle_store, settings.content_dir, _bundle_limits(settings)
        )
        self.logs = FileLogStore(settings.logs_dir)
        self.changes = Changes()
        read_work = partial(self.unit_of_work, read_only=True)
        self.execution_reader = ExecutionReader(read_work, self.logs, self.changes, self.clock)
        self.run_streams = RunStreams(read_work, self.logs, self.changes)
        self._conductor = self._make_conductor(
            installer or _build_installer(settings, self._signer)
        )
        self.run_launcher = RunLauncher(
            self.unit_of_work, self.bundle_intake, self.bundle_store, self._conductor, self.changes
        )

    async def open(self) -> None:
        """Bring the database to its form and start what runs in the background.

        Raises:
            SettingsError: the data directory is in use, or written by a newer version.
        """
        self._lock.acquire()
        await migrate(self.database.engine)
        await asyncio.to_thread(self.bundle_store.open)
        await self._agent_client.open()
        await self._conductor.open()

    async def close(self) -> None:
        """Stop what runs in the background and close the database."""
        self.changes.close()
        await self._conductor.close()
        self.logs.close()
        await self._agent_client.close()
        await self.database.close()
        self._lock.release()

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
    async def unit_of_work(self, *, read_only: bool = False) -> AsyncIterator["Services"]:
        """Open one transaction and the services on it; commits at the end of the block."""
        async with self.database.unit_of_work(read_only=read_only) as session:
            yield Services(self, session)


class Services:
    """The nouns' services on one unit of work."""

    def __init__(self, composition: Composition, session: AsyncSession) -> None:
        self._composition = composition
        self._session = session

    @cached_property
    def hosts(self) -> HostService:
        """The hosts and their groups."""
        parts = self._composition
        return HostService(self._host_repository, parts.fleets, parts.host_vault, parts.clock)

    @cached_property
    def host_agents(self) -> HostAgentService:
        """The agents of the hosts."""
        parts = self._composition
        return HostAgentService(self._host_repository, parts.host_vault, parts.clock)

    @cached_property
    def bundles(self) -> BundleService:
        """The content bundles."""
        return BundleService(BundleRepository(self._session), self._composition.clock)

    @cached_property
    def executions(self) -> ExecutionsService:
        """The executions, their logs and events."""
        parts = self._composition
        return ExecutionsService(ExecutionsRepository(self._session), parts.logs, parts.clock)

    @cached_property
    def runs(self) -> RunsService:
        """The runs."""
        parts = self._composition
        return RunsService(
            RunsRepository(self._session), self.executions, parts.sealer, parts.clock
        )

    @cached_property
    def _host_repository(self) -> HostRepository:
        return HostRepository(self._session)


def _bundle_limits(settings: Settings) -> BundleLimits:
    return BundleLimits(
        max_bytes=settings.bundle_max_bytes,
        unpacked_max_bytes=settings.bundle_unpacked_max_bytes,
        max_files=settings.bundle_max_files,
    )


def _build_installer(settings: Settings, signer: BundleSigner) -> SshInstaller:
    bundles = AgentBundles(find_sources(), settings.agent_bundles_dir, settings.agent_bundle_dir)
    return SshInstaller(bundles, signer.public_key)
