# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there a place for an execution, over all replicas? Counted where it is taken.

Each replica hands out places to its own runs. Where there are others, what runs is counted in the
database once more, in the transaction in which executions turn into running ones, and one replica
at a time does that: so the limits hold over all of them, whatever happens to any.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Refusal = Literal["full", "host_full"]
"""No place at all, or none on that host."""


@dataclass(frozen=True, slots=True)
class PlaceLimit:
    """How many executions of some kinds may run at once."""

    kinds: frozenset[str]
    most: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An execution that wants to begin, and the limits that hold for it."""

    execution_id: str
    kind: str
    """The kind of its run."""
    host_id: int | None
    everywhere: PlaceLimit
    on_host: PlaceLimit | None


class Running(NamedTuple):
    """How many executions of a kind run on a host."""

    kind: str
    host_id: int | None
    number: int


class Places:
    """The places at one moment; taking one changes it."""

    def __init__(self, running: Iterable[Running]) -> None:
        """Take what runs: on all hosts under no host, and on those that claims are about."""
        self._taken: Counter[tuple[str, int | None]] = Counter()
        for kind, host_id, number in running:
            self._taken[kind, host_id] += number

    def take(self, claim: Claim) -> Refusal | None:
        """Take a place, or say why there is none."""
        if self._count(claim.everywhere.kinds, None) >= claim.everywhere.most:
            return "full"
        host, limit = claim.host_id, claim.on_host
        if host is not None and limit is not None and self._count(limit.kinds, host) >= limit.most:
            return "host_full"
        self._taken[claim.kind, None] += 1
        if host is not None:
            self._taken[claim.kind, host] += 1
        return None

    def _count(self, kinds: Collection[str], host_id: int | None) -> int:
        return sum(self._taken[kind, host_id] for kind in kinds)
