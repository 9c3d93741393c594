# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a heartbeat is kept for later? Numbers so small that many of them do not matter."""

from datetime import datetime
from typing import NamedTuple

from agent_runner.protocol.methods import Load
from api.models.fleet.host_load import number_slot

WHOLE = 1000
"""Permille of something that is all used up."""

MOST_LOAD = 2**31 - 1
"""Hundredths; more than any host has, and what a column holds."""


class Sample(NamedTuple):
    """How busy a host was, as ``api.models.HostLoad`` holds it."""

    host_id: int
    slot: int
    load_hundredths: int
    memory_permille: int
    disk_permille: int


def take_sample(host_id: int, load: Load, at: datetime) -> Sample:
    """Make a sample of what an agent said; nonsense becomes the nearest that could be."""
    hundredths = min(max(0.0, load.load_1m * 100), MOST_LOAD)
    return Sample(
        host_id,
        number_slot(at),
        round(hundredths),
        _find_used(load.memory_total_bytes, load.memory_available_bytes),
        _find_used(load.disk_total_bytes, load.disk_free_bytes),
    )


def _find_used(total: int, free: int) -> int:
    if total <= 0:
        return 0
    return min(max(0, WHOLE * (total - free) // total), WHOLE)
