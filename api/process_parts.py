# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a process choose by its settings? Part of the composition."""

from api.agents.calls import AgentCalls
from api.agents.install import AgentBundles, find_sources
from api.agents.install import HostInstaller as SshInstaller
from api.bundles.signing import BundleSigner
from api.connections.service import ConnectionService, OpenConnectionWork
from api.connections.slots import Slots
from api.core.exclusive import ExclusiveLock
from api.core.settings import Settings
from api.db.database import Database
from api.logs.database import DatabaseLogStore
from api.logs.files import FileLogStore
from api.logs.store import LogStore
from api.replicas.replica import REPLICAS_PER_FOLDER


def make_lock(settings: Settings) -> ExclusiveLock:
    """Make the lock of the data directory, which replicas on one database share."""
    places = 1 if settings.postgresql_url is None else REPLICAS_PER_FOLDER
    return ExclusiveLock(settings.data_dir / "lock", places)


def open_logs(settings: Settings, database: Database) -> LogStore:
    """Open the store of the logs."""
    if settings.keeps_logs_in_database:
        return DatabaseLogStore(database.engine)
    return FileLogStore(settings.logs_dir)


def build_connections(
    settings: Settings, open_work: OpenConnectionWork, agents: AgentCalls
) -> ConnectionService:
    """Build what passes commands and files on to agents."""
    slots = Slots(settings.connections_max, settings.connections_max_per_host)
    return ConnectionService(open_work, agents, slots)


def build_installer(settings: Settings, signer: BundleSigner) -> SshInstaller:
    """Build what installs agents over SSH."""
    bundles = AgentBundles(
        find_sources(),
        settings.agent_bundles_dir,
        settings.agent_bundle_dir,
        settings.agent_standalone_python,
    )
    return SshInstaller(bundles, signer.public_key)
