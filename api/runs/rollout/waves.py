# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host goes in which wave? As Ansible's ``serial`` and ``order`` say."""

import random
import secrets
from collections.abc import Sequence
from typing import TypeVar

from api.runs.rollout.schemas import MAX_SEED, Rollout

T = TypeVar("T")


def settle_seed(rollout: Rollout) -> Rollout:
    """Choose a seed where the order needs one and none was given, so that it can be looked up."""
    if rollout.order != "shuffle" or rollout.seed is not None:
        return rollout
    return rollout.model_copy(update={"seed": secrets.randbelow(MAX_SEED + 1)})


def arrange(hosts: Sequence[tuple[str, T]], rollout: Rollout) -> list[T]:
    """Bring named things, which come in the inventory's order, into the order of the rollout."""
    arranged = list(hosts)
    if rollout.order in {"sorted", "reverse_sorted"}:
        arranged.sort(key=lambda host: host[0])
    if rollout.order in {"reverse_inventory", "reverse_sorted"}:
        arranged.reverse()
    if rollout.order == "shuffle":
        arranged.sort(key=lambda host: host[0])
        random.Random(rollout.seed).shuffle(arranged)  # noqa: S311 - an order, no secret
    return [thing for _, thing in arranged]


def split_waves(total: int, sizes: Sequence[str]) -> list[int]:
    """Return how many hosts go in each wave; the last size is repeated until none is left."""
    if not sizes:
        return [total]
    waves: list[int] = []
    left = total
    while left > 0:
        size = sizes[min(len(waves), len(sizes) - 1)]
        waves.append(min(left, max(1, count_share(size, total))))
        left -= waves[-1]
    return waves


def number_waves(total: int, sizes: Sequence[str]) -> list[int]:
    """Return the number of the wave of each host, in their order; the first wave is 1."""
    waves = split_waves(total, sizes)
    return [number for number, size in enumerate(waves, start=1) for _ in range(size)]


def count_share(share: str, total: int) -> int:
    """Return how many hosts of ``total`` a number or a percentage stands for, rounded down."""
    if not share.endswith("%"):
        return int(share)
    # In thousandths: 0.1 + 0.2 is no number to count hosts with.
    return round(float(share[:-1]) * 1000) * total // 100_000
