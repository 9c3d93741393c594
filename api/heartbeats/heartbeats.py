# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks all agents whether they are there? Every 20 to 60 s, in random order, for ever.

A host is offline when the question and its three retries have failed, or at once where asking again
would be answered alike: the retry matrix of ``api.agents.retry``. A host that is offline already is
asked once in each round. Between two questions there is no task: only a time in the timetable.

Replicas on one database share the hosts: each asks those that its place among them gives it. Where
two ask the same one for a moment, since one came or went, that does no harm.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from agent_runner.protocol.errors import RpcError
from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEARTBEAT, AgentCalls
from api.agents.errors import AgentError
from api.agents.retry import RETRY_WAITS_S
from api.core.clock import Clock
from api.heartbeats.findings import Findings, OpenPresenceWork
from api.heartbeats.timetable import Timetable
from api.hosts.presence.watched import Move, WatchedAgent
from api.hosts.targets import Contact

MAX_UNDER_WAY = 500
"""Agents that are asked at once: those that answer need few, those behind a wall take 10 s each."""

STEP_S = 0.1
"""How long hosts whose time has come may wait, so that they are asked several in a row."""

WRITE_EVERY_S = 2.0
"""How long answers are gathered before they are written down."""

LOOK_EVERY_S = 10.0
"""How often the hosts are read again: new ones, removed ones, other addresses."""

_log = structlog.get_logger(__name__)


class Share(NamedTuple):
    """Which of the hosts are this process's: every ``replicas``-th one."""

    place: int = 0
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """How far apart the questions to a host are, in seconds; each time another one between."""

    least_s: float
    most_s: float


@dataclass(slots=True)
class _Chore:
    """Something that is done again and again."""

    do: Callable[[], Awaitable[object]]
    every_s: float
    due: float = 0.0


class Heartbeats:
    """Asks all agents; one for the whole process."""

    def __init__(
        self,
        open_work: OpenPresenceWork,
        calls: AgentCalls,
        findings: Findings,
        clock: Clock,
        interval: Interval,
        find_share: Callable[[], Share] = Share,
        rng: random.Random | None = None,
    ) -> None:  # fmt: skip
        """Take how agents are called, and how often.

        ``find_share`` says which hosts are this process's by now.
        """
        self._open_work = open_work
        self._calls = calls
        self._findings = findings
        self._clock = clock
        self._interval = interval
        self._find_share = find_share
        self._random = rng or random.Random()  # noqa: S311 - spreads load, protects nothing
        self._agents: dict[int, WatchedAgent] = {}
        self._mine: dict[int, WatchedAgent] = {}
        self._timetable = Timetable()
        self._failures: dict[int, int] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._chores = [
            _Chore(self._look, LOOK_EVERY_S),
            _Chore(self._write, WRITE_EVERY_S),
        ]
        self._loop: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to ask."""
        self._loop = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        """Stop, and write down what was heard."""
        if self._loop is None:
            return
        tasks = [self._loop, *self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._write()

    async def step(self) -> None:
        """Do what is due by now: look who is there, ask, write down."""
        now = self._clock.monotonic()
        for chore in self._chores:
            if now >= chore.due:
                chore.due = now + chore.every_s
                await chore.do()
        while len(self._asking) < MAX_UNDER_WAY:
            host_id = self._timetable.pop_due(now)
            if host_id is None:
                return
            task = asyncio.create_task(self._ask(host_id, self._mine[host_id]))
            self._asking[host_id] = task

    async def _go_on(self) -> None:
        while True:
            try:
                await self.step()
            except Exception:  # noqa: BLE001 - whatever fails, hosts are asked again
                _log.exception("heartbeats_failed")
            await self._clock.sleep(STEP_S)

    async def _look(self) -> None:
        """Learn which hosts there are, and whose time is not set yet."""
        async with self._open_work(read_only=True) as work:
            self._agents = await work.presence.list_watched(self._agents)
        place, replicas = self._find_share()
        self._mine = {
            host_id: agent for host_id, agent in self._agents.items() if host_id % replicas == place
        }
        for host_id in self._timetable.list_hosts() - self._mine.keys():
            self._timetable.remove(host_id)
            self._failures.pop(host_id, None)
        now = self._clock.monotonic()
        for host_id in self._mine:
            if host_id not in self._timetable and host_id not in self._asking:
                self._timetable.put(host_id, now + self._random.uniform(0, self._interval.most_s))

    async def _write(self) -> None:
        for move in await self._findings.write():
            self._tell(move)

    async def _ask(self, host_id: int, agent: WatchedAgent) -> None:
        wait_s = self._random.uniform(self._interval.least_s, self._interval.most_s)
        try:
            beat = await self._calls.call(agent.endpoint, HEARTBEAT, NoParams())
        except (AgentError, RpcError) as error:
            wait_s = self._note_failure(host_id, agent, error) or wait_s
        except Exception:  # noqa: BLE001 - the next round asks again
            _log.exception("heartbeat_failed", host=agent.endpoint.host)
        else:
            self._failures.pop(host_id, None)
            self._findings.add(Contact(host_id, beat.version, load=beat.load))
        finally:
            del self._asking[host_id]
        if host_id in self._mine:
            self._timetable.put(host_id, self._clock.monotonic() + wait_s)

    def _note_failure(
        self, host_id: int, agent: WatchedAgent, error: AgentError | RpcError
    ) -> float | None:
        """Return after how long to ask again, or None where the host is offline."""
        failures = self._failures.get(host_id, 0)
        may_pass = isinstance(error, AgentError) and error.retryable
        if may_pass and agent.is_online and failures < len(RETRY_WAITS_S):
            self._failures[host_id] = failures + 1
            wait_s = RETRY_WAITS_S[failures]
            _log.warning(
                "heartbeat_retried",
                host=agent.endpoint.host,
                retry=failures + 1,
                cause=error.message,
                wait_s=wait_s,
            )
            return wait_s
        self._failures.pop(host_id, None)
        self._findings.add(Contact(host_id, None, error=error.message))
        return None

    def _tell(self, move: Move) -> None:
        """Log that a host came or went, and remember it until the hosts are read again."""
        agent = self._agents.get(move.host_id)
        if agent is None:
            return
        name, is_online = agent.endpoint.host, move.state == "online"
        changed = WatchedAgent(agent.endpoint, agent.made_of, is_online)
        self._agents[move.host_id] = changed
        if move.host_id in self._mine:
            self._mine[move.host_id] = changed
        if is_online:
            _log.info("host_online", host=name)
        else:
            _log.warning("host_offline", host=name, cause=move.reason)
