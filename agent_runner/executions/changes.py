# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a waiting reader wake up the moment an execution has something new?

Supervisors send the execution's id to a datagram socket. Datagrams may get lost; readers look
again by themselves after ``RECHECK_S``.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RECHECK_S = 1.0
"""The net below the datagrams."""

_logger = logging.getLogger(__name__)

_MAX_ID_BYTES = 64
_BURST = 256


class Changes:
    """The readers that wait, by execution."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._socket: socket.socket | None = None
        self._directory_fd = -1

    def open(self, socket_path: Path) -> None:
        """Listen for datagrams on a new socket at this path.

        Where it cannot be made, on a full disk, readers still look again by themselves.
        """
        socket_path.unlink(missing_ok=True)
        self._directory_fd = os.open(socket_path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            # The kernel allows 107 bytes: through the descriptor any spool's address is short.
            self._socket.bind(f"/proc/self/fd/{self._directory_fd}/{socket_path.name}")
            socket_path.chmod(0o600)
        except OSError as error:
            _logger.warning("no_notifications", extra={"error": str(error)})
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Stop listening and wake all readers."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            os.close(self._directory_fd)
            self._socket = None
        for command_id in tuple(self._waiting):
            self.announce(command_id)

    def announce(self, command_id: str) -> None:
        """Wake the readers of one execution."""
        for event in self._waiting.get(command_id, ()):
            event.set()

    @contextmanager
    def watch(self, command_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set at each change; clear it before looking."""
        event = asyncio.Event()
        watching = self._waiting.setdefault(command_id, set())
        watching.add(event)
        try:
            yield event
        finally:
            watching.discard(event)
            if not watching and self._waiting.get(command_id) is watching:
                del self._waiting[command_id]

    def _receive(self) -> None:
        if self._socket is None:
            return
        changed: set[bytes] = set()
        for _ in range(_BURST):
            try:
                changed.add(self._socket.recv(_MAX_ID_BYTES))
            except BlockingIOError:
                break
        for command_id in changed:
            self.announce(command_id.decode(errors="replace"))


async def wait_for_change(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set or the time is over, whichever comes first."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
