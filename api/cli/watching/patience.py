# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does a watcher try to come back after the connection broke off?"""

from collections.abc import Callable

from api.cli.errors import CliError, ConnectionLostError

DELAYS_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits between attempts; the last one is repeated."""

GIVE_UP_AFTER_S = 600.0
"""An upgrade of the control plane is over by then; a job of CI must not hang for ever."""


class Patience:
    """Waits longer each time, until it progresses again or it gives up."""

    def __init__(self, sleep: Callable[[float], None], notify: Callable[[str], None]) -> None:
        self._sleep = sleep
        self._notify = notify
        self._attempts = 0
        self._waited_s = 0.0

    def wait(self, error: CliError) -> None:
        """Wait before the next attempt.

        Raises:
            ConnectionLostError: it was tried for long enough.
        """
        if self._waited_s >= GIVE_UP_AFTER_S:
            raise ConnectionLostError(f"{error}\nGave up after {GIVE_UP_AFTER_S:g} s.") from error
        if self._attempts == 0:
            self._notify(f"{str(error).splitlines()[0]} Trying to come back ...")
        delay_s = DELAYS_S[min(self._attempts, len(DELAYS_S) - 1)]
        self._attempts += 1
        self._waited_s += delay_s
        self._sleep(delay_s)

    def progress(self) -> None:
        """Note that the connection carries something again."""
        if self._attempts:
            self._notify("Connected again.")
        self._attempts = 0
        self._waited_s = 0.0
