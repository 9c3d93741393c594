# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from manual_clock import ManualClock

from agent_runner.protocol.errors import MethodNotFoundError
from api.agents.calls import Endpoint
from api.agents.errors import AgentAuthError, AgentUnreachableError
from api.agents.memory import MemoryAgent, MemoryAgents
from api.db.errors import DatabaseBusyError
from api.heartbeats.findings import Findings
from api.heartbeats.heartbeats import STEP_S, Heartbeats, Interval, Share
from api.hosts.loads.sample import Sample
from api.hosts.presence.watched import AgentAddress, Move, WatchedAgent
from api.hosts.targets import Contact


class MemoryPresence:
    """Stands for the book of which hosts answer."""

    def __init__(self) -> None:
        self.agents: dict[int, WatchedAgent] = {}
        self.recorded: list[Contact] = []
        self.failures: list[Exception] = []

    async def list_watched(self, _known: Mapping[int, WatchedAgent]) -> dict[int, WatchedAgent]:
        """List the agents as they are now."""
        return dict(self.agents)

    async def record_contacts(self, contacts: Sequence[Contact]) -> list[Move]:
        """Keep what was recorded; everybody who changed has moved."""
        if self.failures:
            raise self.failures.pop()
        moves = []
        for contact in contacts:
            self.recorded.append(contact)
            agent = self.agents[contact.host_id]
            if agent.is_online != (contact.error is None):
                self.agents[contact.host_id] = replace(agent, is_online=not agent.is_online)
                state = "offline" if agent.is_online else "online"
                moves.append(Move(contact.host_id, state, contact.error or ""))
        return moves


class MemoryLoads:
    """Stands for the book of how busy hosts were."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    async def record_samples(self, samples: Sequence[Sample]) -> None:
        """Keep what was recorded."""
        self.samples += samples


class Bench:
    """Heartbeats over a fleet in memory, moved on by hand."""

    def __init__(self, share: Share | None = None) -> None:
        self.presence = MemoryPresence()
        self.host_loads = MemoryLoads()
        self.fleet = MemoryAgents()
        self.clock = ManualClock()
        self.heard: list[int] = []
        self.heartbeats = Heartbeats(
            self._open_work,  # type: ignore[arg-type]
            self.fleet,
            Findings(self._open_work, self._hear, self.clock),  # type: ignore[arg-type]
            self.clock,
            Interval(20, 60),
            lambda: share or Share(),
            random.Random(7),  # noqa: S311 - the same times in each run
        )

    def _hear(self, host_ids: Collection[int]) -> None:
        self.heard += host_ids

    @asynccontextmanager
    async def _open_work(self, **_how: Any) -> AsyncIterator["Bench"]:
        yield self

    def add(self, host_id: int) -> MemoryAgent:
        """Add a host whose agent was online."""
        endpoint = Endpoint(f"host{host_id}", "192.0.2.1", 9000 + host_id, "p", "t", "ab" * 32)
        made_of = AgentAddress(host_id, endpoint.host, "192.0.2.1", 9000 + host_id, "p", b"", "")
        self.presence.agents[host_id] = WatchedAgent(endpoint, made_of, is_online=True)
        return self.fleet.add(endpoint)

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass."""
        for _ in range(int(seconds / STEP_S)):
            await self.heartbeats.step()
            await asyncio.gather(*self.heartbeats._asking.values())
            await self.clock.sleep(STEP_S)


@pytest.fixture
def bench() -> Bench:
    """Return heartbeats over a fleet without agents."""
    return Bench()


async def test_each_host_is_asked_in_the_interval(bench: Bench) -> None:
    """In ten minutes a host is asked 10 to 30 times, each at times of its own."""
    agents = [bench.add(host_id) for host_id in range(1, 9)]
    await bench.pass_time(600)
    counts = [agent.calls.count("heartbeat") for agent in agents]
    assert all(10 <= count <= 31 for count in counts)
    assert len(set(counts)) > 1


async def test_an_answer_is_written_with_version_and_load(bench: Bench) -> None:
    """What the agent says of its host reaches the book, and those who wait are told."""
    bench.add(1)
    await bench.pass_time(70)
    contact = bench.presence.recorded[0]
    assert contact.version is not None
    assert contact.load is not None
    assert set(bench.heard) == {1}


async def test_a_host_is_offline_after_three_retries(bench: Bench) -> None:
    """A host that does not answer is asked again after 1, 2 and 4 s, and then counts as offline."""
    agent = bench.add(1)
    times: list[float] = []
    agent.reachable = False
    original = bench.fleet.call

    async def call(*args: Any) -> Any:
        times.append(bench.clock.monotonic())
        return await original(*args)

    bench.heartbeats._calls = type("Calls", (), {"call": staticmethod(call)})()
    while len(times) < 4:
        await bench.pass_time(1)
    waits = [after - before for before, after in pairwise(times)]
    assert waits == pytest.approx([1, 2, 4], abs=2 * STEP_S)
    await bench.pass_time(3)
    assert [contact.error is None for contact in bench.presence.recorded] == [False]


async def test_a_host_that_is_offline_is_asked_once_a_round_and_comes_back(bench: Bench) -> None:
    """The next rounds ask without retries, until it answers: then it is online and heard of."""
    agent = bench.add(1)
    agent.reachable = False
    await bench.pass_time(90)
    assert not bench.presence.agents[1].is_online
    assert bench.heard == []
    agent.reachable = True
    await bench.pass_time(70)
    assert bench.presence.agents[1].is_online
    assert bench.heard


@pytest.mark.parametrize("error", [AgentAuthError(), MethodNotFoundError()])
async def test_what_asking_again_would_not_change_is_not_retried(
    bench: Bench, error: Exception
) -> None:
    """A refused token, or an error that the agent itself answers, counts at once."""
    agent = bench.add(1)
    agent.failures_of["heartbeat"] = [error]
    while not agent.calls:
        if not agent.failures_of["heartbeat"]:
            break
        await bench.pass_time(1)
    await bench.pass_time(3)
    assert [contact.error is None for contact in bench.presence.recorded] == [False]


async def test_one_failure_is_no_news(bench: Bench) -> None:
    """A host that answers the retry was never offline."""
    agent = bench.add(1)
    agent.failures_of["heartbeat"] = [AgentUnreachableError()]
    await bench.pass_time(70)
    assert bench.presence.recorded
    assert all(contact.error is None for contact in bench.presence.recorded)


async def test_hosts_come_and_go(bench: Bench) -> None:
    """A host that is added is asked, one that is removed is not any more."""
    first = bench.add(1)
    await bench.pass_time(70)
    second = bench.add(2)
    del bench.presence.agents[1]
    await bench.pass_time(11)
    count = len(first.calls)
    await bench.pass_time(130)
    assert len(first.calls) == count
    assert second.calls


async def test_replicas_share_the_hosts() -> None:
    """Of two replicas each asks half of the hosts, and no host is asked by both."""
    asked: list[set[int]] = []
    for place in (0, 1):
        bench = Bench(Share(place, 2))
        agents = {host_id: bench.add(host_id) for host_id in range(1, 7)}
        await bench.pass_time(70)
        asked.append({host_id for host_id, agent in agents.items() if agent.calls})
    assert asked == [{2, 4, 6}, {1, 3, 5}]


async def test_what_cannot_be_written_is_written_later(bench: Bench) -> None:
    """A database that is busy loses no answer."""
    bench.add(1)
    bench.presence.failures = [DatabaseBusyError()]
    await bench.pass_time(70)
    assert bench.presence.failures == []
    assert bench.presence.recorded


async def test_the_load_is_kept_once_in_five_minutes(bench: Bench) -> None:
    """However often a host is asked, and however many there are."""
    for host_id in (1, 2):
        bench.add(host_id)
    await bench.pass_time(1300)
    samples = [(sample.host_id, sample.slot) for sample in bench.host_loads.samples]
    slots = {slot for _, slot in samples}
    assert len(slots) >= 4
    assert len(samples) == len(set(samples))
    assert len(samples) >= 2 * (len(slots) - 1)


async def test_a_load_that_cannot_be_written_is_written_later(bench: Bench) -> None:
    """A database that is busy costs no sample, whatever comes of the five minutes next."""
    bench.add(1)
    bench.presence.failures = [DatabaseBusyError()]
    await bench.pass_time(70)
    assert bench.presence.failures == []
    assert bench.host_loads.samples
