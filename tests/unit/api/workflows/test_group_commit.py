# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from api.workflows.group_commit import GroupCommit

Work = Callable[[list[str]], Awaitable[str]]


class Transactions:
    """Opens units of work that remember what was committed together."""

    def __init__(self) -> None:
        self.committed: list[list[str]] = []
        self.gate = asyncio.Event()
        self.opened = asyncio.Event()

    @asynccontextmanager
    async def open(
        self, *, read_only: bool = False, concurrent: bool = False
    ) -> AsyncIterator[list[str]]:
        """Open one; it commits when the gate is open."""
        assert concurrent
        assert not read_only
        self.opened.set()
        done: list[str] = []
        yield done
        await self.gate.wait()
        self.committed.append(done)


def write(text: str) -> Work:
    """Return a piece of work that writes a text."""

    async def work(unit: list[str]) -> str:
        unit.append(text)
        return text.upper()

    return work


async def test_what_waits_is_committed_together() -> None:
    """Writes that come while a commit is under way share the next one."""
    transactions = Transactions()
    group = GroupCommit(transactions.open)
    first = asyncio.create_task(group.run(write("a")))
    await transactions.opened.wait()
    others = [asyncio.create_task(group.run(write(text))) for text in "bcd"]
    transactions.gate.set()

    assert await asyncio.gather(first, *others) == ["A", "B", "C", "D"]
    assert transactions.committed == [["a"], ["b", "c", "d"]]


async def test_the_same_is_written_once_for_all() -> None:
    """Who comes with the same function shares its one call, and each gets its own result."""
    transactions = Transactions()
    group = GroupCommit(transactions.open)
    calls: list[list[int]] = []

    async def write_all(unit: list[str], items: Sequence[int]) -> Sequence[int]:
        calls.append(list(items))
        unit.append(str(items))
        return [item * 10 for item in items]

    first = asyncio.create_task(group.join(write_all, 1))
    await transactions.opened.wait()
    others = [asyncio.create_task(group.join(write_all, item)) for item in (2, 3)]
    other = asyncio.create_task(group.run(write("a")))
    transactions.gate.set()

    assert await asyncio.gather(first, *others, other) == [10, 20, 30, "A"]
    assert calls == [[1], [2, 3]]
    assert transactions.committed == [["[1]"], ["[2, 3]", "a"]]


async def test_an_item_that_fails_does_not_fail_the_others() -> None:
    """Where writing for all raises, it is done again for each alone."""
    transactions = Transactions()
    transactions.gate.set()
    group = GroupCommit(transactions.open)

    async def write_all(_unit: list[str], items: Sequence[int]) -> Sequence[int]:
        if 2 in items:
            raise ValueError("two")
        return items

    asked = [group.join(write_all, item) for item in (1, 2, 3)]
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)

    assert (first, third) == (1, 3)
    assert isinstance(second, ValueError)


async def test_one_that_fails_does_not_fail_the_others() -> None:
    """Where one piece raises, the rest of its group is committed and only it fails."""
    transactions = Transactions()
    group = GroupCommit(transactions.open)

    async def fail(_unit: list[str]) -> None:
        raise ValueError("no")

    first = asyncio.create_task(group.run(write("a")))
    await transactions.opened.wait()
    good = asyncio.create_task(group.run(write("b")))
    bad = asyncio.create_task(group.run(fail))
    transactions.gate.set()

    assert await good == "B"
    with pytest.raises(ValueError, match="no"):
        await bad
    await first
    assert transactions.committed == [["a"], ["b"]]


async def test_closing_waits_for_what_is_under_way() -> None:
    """Whoever closes it finds everything committed, also for those who stopped waiting."""
    transactions = Transactions()
    group = GroupCommit(transactions.open)
    asking = asyncio.create_task(group.run(write("a")))
    await transactions.opened.wait()
    asking.cancel()
    transactions.gate.set()

    await group.close()

    assert transactions.committed == [["a"]]
