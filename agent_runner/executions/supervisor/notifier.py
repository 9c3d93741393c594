# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the agent learn at once that there is something new to read?

By a datagram with the execution's id to the agent's socket in the spool. An agent that is not
there misses nothing: it reads the files when it is back.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOCKET_NAME = "agent.sock"
"""The agent's socket in the spool directory."""

MIN_INTERVAL_S = 0.002
"""Writes that follow each other faster than this share a datagram."""

RETRY_S = 0.005
"""When to try again where the agent's queue is full."""


class Notifier:
    """Tells the agent about one execution."""

    def __init__(self, spool: Path, command_id: str) -> None:
        self._message = command_id.encode()
        self._directory_fd = os.open(spool, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # The kernel allows 107 bytes: through the descriptor any spool's address is short.
        self._address = f"/proc/self/fd/{self._directory_fd}/{SOCKET_NAME}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._pending = False
        self._not_before = 0.0

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        os.close(self._directory_fd)

    def mark(self) -> None:
        """Remember that there is something new."""
        self._pending = True

    def flush(self, now: float) -> float | None:
        """Tell the agent if it is time; return when to call again, or None."""
        if not self._pending:
            return None
        if now < self._not_before:
            return self._not_before
        self._not_before = now + MIN_INTERVAL_S
        if self._send():
            self._pending = False
            return None
        self._not_before = now + RETRY_S
        return self._not_before

    def _send(self) -> bool:
        try:
            self._socket.sendto(self._message, self._address)
        except BlockingIOError:
            return False
        except OSError:
            return True  # no agent is there, or no memory: readers look again by themselves
        return True
