# SPDX-License-Identifier: GPL-3.0-or-later
"""How many commands and files may be under way at once, to one host and in all?

Who comes when all places are taken waits in line. These places are connections' own: runs have
theirs, and none is taken from them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from api.connections.errors import ConnectionsBusyError

WAIT_S = 60.0
"""How long a request waits for its place before it is told to come again."""


class Slots:
    """The places of one process.

    Args:
        in_all: so many are used at once.
        per_host: so many of them by one host.
        wait_s: seconds to wait for one.
    """

    def __init__(self, in_all: int, per_host: int, wait_s: float = WAIT_S) -> None:
        self._in_all = asyncio.Semaphore(in_all)
        self._per_host = per_host
        self._wait_s = wait_s
        self._hosts: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, host_id: int) -> AsyncIterator[None]:
        """Have a place for the time of the block.

        Raises:
            ConnectionsBusyError: none got free in time.
        """
        of_host = self._hosts.setdefault(host_id, asyncio.Semaphore(self._per_host))
        try:
            async with asyncio.timeout(self._wait_s):
                await of_host.acquire()
                try:
                    await self._in_all.acquire()
                except BaseException:
                    of_host.release()
                    raise
        except TimeoutError as error:
            raise ConnectionsBusyError(
                f"No place got free within {self._wait_s:g} s: {self._per_host} commands and files "
                "are under way to this host, or too many in all. Try again, use fewer forks, or "
                "raise MYX_CONNECTIONS_MAX and MYX_CONNECTIONS_MAX_PER_HOST."
            ) from error
        try:
            yield
        finally:
            self._in_all.release()
            of_host.release()
