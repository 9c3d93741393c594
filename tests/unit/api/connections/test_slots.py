# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

import pytest

from api.connections.errors import ConnectionsBusyError
from api.connections.slots import Slots


async def test_who_waits_too_long_is_told_to_come_again() -> None:
    """A host has so many places, and all hosts together have so many; each is given back."""
    slots = Slots(in_all=2, per_host=1, wait_s=0.01)
    for _ in range(2):
        async with slots.take(1):
            with pytest.raises(ConnectionsBusyError, match="fewer forks"):
                async with slots.take(1):
                    pass
            async with slots.take(2):
                with pytest.raises(ConnectionsBusyError):
                    async with slots.take(3):
                        pass


async def test_who_waits_gets_the_place_of_who_goes() -> None:
    """The line moves on."""
    slots = Slots(in_all=1, per_host=1)
    had = []

    async def use(name: str) -> None:
        async with slots.take(1):
            had.append(name)

    async with slots.take(1):
        waiting = [asyncio.create_task(use(name)) for name in "ab"]
        await asyncio.sleep(0)
        assert had == []
    await asyncio.gather(*waiting)
    assert had == ["a", "b"]
