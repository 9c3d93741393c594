# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a run to do? What is stored of it, and what its driver reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.runs.rollout.schemas import Rollout
from api.runs.schemas import RunKind


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The caller's key, and the request that came with it."""

    key: str
    request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do: what is stored of it, and what its driver reads."""

    kind: RunKind
    name: str
    spec: Mapping[str, Any]
    """What was asked for, without secrets."""
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    limit: str | None = None
    bundle_digest: str | None = None
    timeout_s: float | None = None
    rollout: Rollout = field(default_factory=Rollout)
    retry_of: int | None = None
    created_by: str = ""
    cancel_requested: bool = False
    stop_reason: str | None = None
    """Which failures have stopped it."""
