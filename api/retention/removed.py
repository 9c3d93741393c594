# SPDX-License-Identifier: GPL-3.0-or-later
"""How much was removed, or would be? Counts that add up."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Removed:
    """How many of what went."""

    runs: int = 0
    executions: int = 0
    logs: int = 0
    log_bytes: int = 0
    events: int = 0
    deliveries: int = 0
    """What came to webhooks, what notifications sent, and events that are read with a cursor."""
    host_states: int = 0
    host_loads: int = 0
    """Samples of how busy hosts were."""
    secrets: int = 0
    """Runs whose secrets were forgotten."""
    bundles: int = 0
    bundle_bytes: int = 0
    workflows: int = 0
    """What the durable engine remembered of runs that have ended."""

    def __add__(self, other: "Removed") -> "Removed":
        """Return both together."""
        return Removed(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    def __sub__(self, other: "Removed") -> "Removed":
        """Return what this has more."""
        return Removed(
            **{
                field.name: getattr(self, field.name) - getattr(other, field.name)
                for field in fields(self)
            }
        )

    def __bool__(self) -> bool:
        """Say whether anything went."""
        return any(getattr(self, field.name) for field in fields(self))
