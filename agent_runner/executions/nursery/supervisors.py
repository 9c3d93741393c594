# SPDX-License-Identifier: GPL-3.0-or-later
"""From where does an execution's supervisor come?

For a playbook, from a process that has loaded Ansible, where there is one that fits; else from
the nursery.
"""

from agent_runner.executions.folder import Folder
from agent_runner.executions.nursery.client import Nursery
from agent_runner.executions.spawn import Started
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.warm.pool import WarmPool


class Supervisors:
    """Starts supervisors.

    Args:
        warm: fork playbooks from a process that has loaded Ansible, where that can be done.
    """

    def __init__(self, *, warm: bool) -> None:
        self.nursery = Nursery(for_playbooks=not warm)
        self.warm = WarmPool(is_on=warm)

    def open(self) -> None:
        """Start the nursery; what loads Ansible is started by the first playbook."""
        self.nursery.open()

    async def close(self) -> None:
        """End the resident processes; what was forked from them goes on."""
        await self.nursery.close()
        await self.warm.close()

    async def spawn(self, folder: Folder, lock_fd: int, launch: Launch) -> Started:
        """Start the supervisor of a prepared execution and hand it the lock.

        Raises:
            OSError: it cannot be started.
        """
        supervisor = await self.warm.spawn(folder, lock_fd, launch)
        return supervisor or await self.nursery.spawn(folder, lock_fd)
