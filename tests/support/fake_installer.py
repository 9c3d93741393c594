# SPDX-License-Identifier: GPL-3.0-or-later
"""How do tests install agents without SSH? With an installer that a test lets succeed or fail."""

import asyncio

from api.agents.install.errors import InstallError
from api.agents.install.targets import InstalledAgent, InstallTarget, Progress

FINGERPRINT = "cd" * 32


class FakeInstaller:
    """Installs nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.targets: list[InstallTarget] = []
        self.removed: list[str] = []
        self.failures: dict[str, InstallError] = {}
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.begun = asyncio.Event()

    async def install(self, target: InstallTarget, progress: Progress) -> InstalledAgent:
        """Say two lines and succeed, unless a failure waits for the host."""
        await self._work(target, progress)
        return InstalledAgent(FINGERPRINT, "0.1.0", "ssh-ed25519 AAAA")

    async def uninstall(self, target: InstallTarget, progress: Progress) -> None:
        """Say two lines and succeed, unless a failure waits for the host."""
        await self._work(target, progress)
        self.removed.append(target.name)

    async def _work(self, target: InstallTarget, progress: Progress) -> None:
        self.targets.append(target)
        await progress(f"Connected to {target.name}")
        self.begun.set()
        await self.go_on.wait()
        if target.name in self.failures:
            raise self.failures[target.name]
        await progress("Role applied")
