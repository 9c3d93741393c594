# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the database know of how things stand? Values, as they are read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How many there are of what."""

    hosts: Mapping[str, int]
    runs: Mapping[str, int]
    executions: Mapping[str, int]
    deliveries: Mapping[str, int]
    """What notifications have to send, by how far it has come."""
    heartbeat_age_s: float = 0.0
    """Since when the online host that was not heard of for longest was not heard of."""
    connections: int = 0
    read_s: float = 0.0
