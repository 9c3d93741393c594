# SPDX-License-Identifier: GPL-3.0-or-later
"""How does an agent get onto a host, and off it again?

``HostInstaller`` does it over SSH; ``AgentBundles`` makes the file that it brings along.
"""

from api.agents.install.bundle import AgentBundle, AgentBundles
from api.agents.install.errors import InstallError
from api.agents.install.installer import HostInstaller
from api.agents.install.own_python import OwnPython
from api.agents.install.sources import find_sources
from api.agents.install.targets import AgentConfig, InstalledAgent, InstallTarget, Progress

__all__ = [
    "AgentBundle",
    "AgentBundles",
    "AgentConfig",
    "HostInstaller",
    "InstallError",
    "InstallTarget",
    "InstalledAgent",
    "OwnPython",
    "Progress",
    "find_sources",
]
