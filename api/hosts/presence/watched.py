# SPDX-License-Identifier: GPL-3.0-or-later
"""What does whoever asks all agents know of each?"""

from dataclasses import dataclass, field
from typing import NamedTuple

from api.agents.calls import Endpoint


class AgentAddress(NamedTuple):
    """What an agent's endpoint is made of, as the database holds it."""

    host_id: int
    name: str
    address: str
    rpc_port: int
    rpc_path: str
    token_sealed: bytes
    cert_fingerprint: str


@dataclass(frozen=True, slots=True)
class WatchedAgent:
    """An agent that is installed, and so asked for heartbeats."""

    endpoint: Endpoint
    made_of: AgentAddress = field(repr=False)
    is_online: bool
    """Whether it answered when it was asked last."""


class Move(NamedTuple):
    """A host that went from one state to another."""

    host_id: int
    state: str
    reason: str
