# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands where no run is started? A conductor without the engine, which takes a second."""


class IdleConductor:
    """Stands for the durable engine where no run is started: the real one takes a second."""

    async def open(self, _name: str = "") -> None:
        """Have nothing to resume."""

    async def heed(self, _run_ids: object) -> None:
        """Heed nothing: no run is carried out."""

    async def take_over(self, _living: set[str]) -> int:
        """Take over nothing: there are no others."""
        return 0

    def notify_hosts(self, _host_ids: object) -> None:
        """Wake nobody: nothing waits for a host."""

    async def forget_ended(self) -> int:
        """Forget nothing: no run is carried out."""
        return 0

    async def close(self) -> None:
        """Have nothing to stop."""
