# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook wait for its workers without looking a thousand times a second?

Ansible's strategies sleep a millisecond, look whether a result has come, and sleep again: 3 % of
a processor for each playbook that waits. Here the sleep ends when the thread that takes results
has put one down, and otherwise lasts longer, so that a worker that has died is noticed too.
"""

from __future__ import annotations

import importlib
import threading
import time
from typing import Any

PATIENCE_S = 0.05
"""How long a strategy sleeps where no result comes."""

_STRATEGIES = ("ansible.plugins.strategy", "ansible.plugins.strategy.free")
_ANSIBLES_OWN_S = 0.001


class _Clock:
    """The module ``time`` with a sleep that a result ends."""

    def __init__(self, arrival: threading.Event, interval_s: float) -> None:
        self._arrival = arrival
        self._interval_s = interval_s

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Sleep; where Ansible waits for a result, until there may be one."""
        if seconds != self._interval_s:
            time.sleep(seconds)
            return
        self._arrival.wait(PATIENCE_S)
        self._arrival.clear()


def wait_for_results() -> None:
    """Let strategies wait for results, unless the configuration says how they are to look."""
    constants: Any = importlib.import_module("ansible.constants")
    interval_s = constants.DEFAULT_INTERNAL_POLL_INTERVAL
    if interval_s != _ANSIBLES_OWN_S:
        return
    arrival = threading.Event()
    queue: Any = importlib.import_module("ansible.executor.task_queue_manager").FinalQueue
    take = queue.get

    def note_and_take(self: Any) -> Any:
        arrival.set()  # whatever was taken before has been put down
        return take(self)

    queue.get = note_and_take
    for name in _STRATEGIES:
        vars(importlib.import_module(name))["time"] = _Clock(arrival, interval_s)
