# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for a host at the other end of an SSH connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from api.agents.install.targets import AgentConfig, InstallTarget


class FakeProcess:
    """A program whose output the test writes as the input arrives."""

    def __init__(self) -> None:
        self.received = b""
        self.input_ended = False
        self.status = 0
        self._out: asyncio.Queue[str | None] = asyncio.Queue()
        self._err: list[str] = []
        self._news = asyncio.Condition()
        self.on_input: Callable[[bytes], None] = lambda _: None

    def say(self, *lines: str) -> None:
        """Write to standard output."""
        for line in lines:
            self._out.put_nowait(line)

    def end(self, status: int = 0) -> None:
        """Exit."""
        self.status = status
        self._out.put_nowait(None)

    async def complain(self, line: str) -> None:
        """Write to standard error."""
        async with self._news:
            self._err.append(line)
            self._news.notify_all()

    async def write(self, data: bytes) -> None:
        """Take input."""
        self.received += data
        self.on_input(data)

    def write_eof(self) -> None:
        """See the end of the input."""
        self.input_ended = True

    async def read_line(self) -> str | None:
        """Give the next line of output."""
        return await self._out.get()

    async def wait_for_stderr(self, line: str, times: int) -> None:
        """Return when the line was said that often."""
        async with self._news:
            await self._news.wait_for(lambda: self._err.count(line) >= times)

    async def wait(self) -> int:
        """Give the exit status."""
        return self.status

    @property
    def stderr(self) -> str:
        """Everything that was complained."""
        return "\n".join(self._err)


class FakeHost:
    """A login whose programs behave as the test's function makes them."""

    def __init__(self, behave: "Callable[[str, FakeProcess], object]") -> None:
        self._behave = behave
        self.commands: list[str] = []

    @asynccontextmanager
    async def start(self, command: str) -> AsyncIterator[FakeProcess]:
        """Start a program."""
        self.commands.append(command)
        process = FakeProcess()
        behaviour = self._behave(command, process)
        if asyncio.iscoroutine(behaviour):
            await behaviour
        yield process


@pytest.fixture
def make_host() -> type[FakeHost]:
    """Give the class of fake hosts."""
    return FakeHost


@pytest.fixture
def target() -> InstallTarget:
    """Give a host that logs in with a password."""
    return InstallTarget(
        name="web1",
        address="192.0.2.10",
        ssh_user="alice",
        ssh_port=22,
        private_key=None,
        password="open sesame",
        host_key=None,
        accept_new_host_key=False,
        config=AgentConfig(24351, "a3f8b9c2d1e4", "t" * 32, "s" * 32),
    )
