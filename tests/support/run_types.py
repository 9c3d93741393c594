# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which types are the helpers that the tests of runs share?"""

from typing import Any, Protocol

from sse import Event

from api.agents.memory import MemoryAgent, Program, run_stand_in


class AddHost(Protocol):
    """Adds a host with a fake agent."""

    async def __call__(
        self, name: str, *groups: str, program: Program = run_stand_in
    ) -> MemoryAgent:
        """Add it and return the agent."""
        ...


class PostRun(Protocol):
    """Starts a run."""

    async def __call__(self, path: str = "/runs", **body: Any) -> dict[str, Any]:
        """Start it and return it."""
        ...


class Follow(Protocol):
    """Follows a run."""

    async def __call__(self, run_id: int) -> list[Event]:
        """Follow it to its end and return all events."""
        ...
