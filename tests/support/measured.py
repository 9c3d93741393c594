# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get a host that was measured for a week? Written where heartbeats write it."""

import sqlite3
from datetime import UTC, datetime
from math import sin

from real_control_plane import ControlPlaneProcess

from api.models.fleet.host_load import SLOT_S, number_slot

WEEK = 7 * 24 * 3600 // SLOT_S
BUSY_S = 60
GAP = range(60, 72)
"""Slots before now, an hour of them, in which the host was not heard of."""


def measure(control_plane: ControlPlaneProcess, host: str) -> None:
    """Give a host with an agent a week of samples, with days, nights and a gap."""
    now = number_slot(datetime.now(UTC))
    rows = [
        (now - ago, 90 + _wave(80, ago), 500 + _wave(120, ago), 800 - ago // 8, host)
        for ago in range(1, WEEK)
        if ago not in GAP
    ]
    database = sqlite3.connect(control_plane.database_file, timeout=BUSY_S)
    with database:
        database.executemany(
            "INSERT OR IGNORE INTO host_loads SELECT id, ?, ?, ?, ? FROM hosts WHERE name = ?", rows
        )
    database.close()


def _wave(height: int, ago: int) -> int:
    return int(height * sin(ago / 46))
