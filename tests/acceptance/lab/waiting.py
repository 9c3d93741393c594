# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test wait for something that a real machine does in its own time?"""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_INTERVAL_S = 0.1
"""How often a condition is looked at."""

T = TypeVar("T")


def wait_for(what: str, condition: Callable[[], T | None], timeout_s: float = 90) -> T:
    """Return the condition's first true answer.

    Args:
        what: completes the sentence "waited in vain for ...".
        condition: answers something true when the wait is over.
        timeout_s: the bound; far above what it takes, since it only ends a test that fails.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(POLL_INTERVAL_S)
