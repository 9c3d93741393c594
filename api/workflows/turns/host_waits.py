# SPDX-License-Identifier: GPL-3.0-or-later
"""When is a host tried again on which nothing could begin, or whose agent fell silent?

As soon as somebody says that something has changed there: ``notify`` is for whoever hears of a
host (a heartbeat, an agent that was installed, the end of a maintenance, an execution that ended).
A host that is offline is also asked itself, less and less often, as long as somebody waits.
"""

import asyncio
from collections.abc import Iterable

import structlog

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEALTH_CHECK, AgentCalls
from api.agents.retry import sleep_unless
from api.core.clock import Clock
from api.core.errors import MyxError
from api.executions.states import WaitCode
from api.hosts.targets import Contact
from api.workflows.work import OpenWork

FIRST_PAUSE_S = 5.0
"""The pause before the second question to a host; the first one is asked at once."""

LONGEST_PAUSE_S = 300.0
"""Pauses double up to this."""

BUSY_PAUSE_S = 15.0
"""After so long an agent that was busy is tried again without a word from anybody."""

MAX_PROBES = 20
"""Hosts that are asked at once."""

_log = structlog.get_logger(__name__)


class HostWaits:
    """Wakes those who wait for a host; one for the whole process."""

    def __init__(self, open_work: OpenWork, calls: AgentCalls, clock: Clock) -> None:
        self._open_work = open_work
        self._calls = calls
        self._clock = clock
        self._waiting: dict[int, asyncio.Event] = {}
        self._waiters: dict[int, int] = {}
        self._probes: dict[int, asyncio.Task[None]] = {}
        self._probing = asyncio.Semaphore(MAX_PROBES)

    def notify(self, host_ids: Iterable[int]) -> None:
        """Let those go on who wait for these hosts: something has changed there."""
        for host_id in host_ids:
            changed = self._waiting.pop(host_id, None)
            if changed is not None:
                changed.set()

    def hear_of(self, host_ids: Iterable[int]) -> None:
        """Let those go on who wait until one of these hosts answers: it does."""
        self.notify([host_id for host_id in host_ids if host_id in self._waiters])

    async def wait(self, host_id: int, code: WaitCode, timeout_s: float | None = None) -> bool:
        """Return True when the host should be tried again, False when the time is over."""
        changed = self._waiting.setdefault(host_id, asyncio.Event())
        if code == "offline":
            self._start_probing(host_id)
        try:
            if timeout_s is None:
                return await changed.wait()
            pause_s = min(timeout_s, BUSY_PAUSE_S) if code == "busy" else timeout_s
            await sleep_unless(self._clock, pause_s, changed)
            return changed.is_set() or pause_s < timeout_s
        finally:
            if code == "offline":
                self._stop_probing(host_id)

    def close(self) -> None:
        """Ask no host any more."""
        for probe in self._probes.values():
            probe.cancel()

    def _start_probing(self, host_id: int) -> None:
        self._waiters[host_id] = self._waiters.get(host_id, 0) + 1
        if host_id not in self._probes:
            self._probes[host_id] = asyncio.create_task(self._probe(host_id))

    def _stop_probing(self, host_id: int) -> None:
        self._waiters[host_id] -= 1
        if not self._waiters[host_id]:
            del self._waiters[host_id]
            self._probes.pop(host_id).cancel()

    async def _probe(self, host_id: int) -> None:
        """Ask the host until it answers, then wake those who wait for it."""
        pause_s = FIRST_PAUSE_S
        while True:
            async with self._probing:
                is_there = await self._ask(host_id)
            if is_there:
                self.notify([host_id])
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _ask(self, host_id: int) -> bool:
        """Say whether the agent answers, and write it down where it does."""
        try:
            async with self._open_work(read_only=True) as work:
                endpoint = await work.host_agents.get_endpoint(host_id)
            health = await self._calls.call(endpoint, HEALTH_CHECK, NoParams())
            async with self._open_work() as work:
                await work.host_agents.record_contacts([Contact(host_id, health.version)])
        except (MyxError, RpcError) as error:
            _log.debug("host_still_offline", host_id=host_id, cause=error.message)
            return False
        except Exception:  # noqa: BLE001 - whoever waits for the host must not wait in vain
            _log.exception("host_not_asked", host_id=host_id)
            return False
        return True
