# SPDX-License-Identifier: GPL-3.0-or-later

import threading
import time
from typing import Any

from agent_runner.warm import waiting

INTERVAL_S = 0.001


def test_a_result_ends_the_sleep(monkeypatch: Any) -> None:
    """However long the patience, a result that has come is looked at at once, and only once."""
    monkeypatch.setattr(waiting, "PATIENCE_S", 1000.0)
    arrival = threading.Event()
    clock = waiting._Clock(arrival, INTERVAL_S)
    arrival.set()
    clock.sleep(INTERVAL_S)
    assert not arrival.is_set()


def test_without_a_result_it_ends_too() -> None:
    """A worker that has died puts nothing down."""
    waiting._Clock(threading.Event(), INTERVAL_S).sleep(INTERVAL_S)


def test_other_sleeps_stay(monkeypatch: Any) -> None:
    """Only the wait for results is another one; all else of the module is there."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    clock = waiting._Clock(threading.Event(), INTERVAL_S)
    clock.sleep(0.0001)
    assert slept == [0.0001]
    assert clock.monotonic is time.monotonic
