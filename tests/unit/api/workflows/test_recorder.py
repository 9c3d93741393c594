# SPDX-License-Identifier: GPL-3.0-or-later

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from manual_clock import ManualClock

from api.core.errors import NotFoundError, UnavailableError
from api.executions.changes import Changes
from api.executions.service import Task
from api.logs.memory import MemoryLogStore
from api.workflows.group_commit import GroupCommit
from api.workflows.recorder import PAUSE_S, Recorder


class Shelf:
    """A database that refuses so many times, and then takes events."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.stored: list[tuple[str, Any]] = []

    @property
    def executions(self) -> "Shelf":
        """Be the service of executions too."""
        return self

    @asynccontextmanager
    async def open(self, **_options: bool) -> AsyncIterator["Shelf"]:
        """Open a transaction."""
        yield self

    async def store_events(self, batches: list[tuple[str, list[dict[str, Any]]]]) -> None:
        """Take events, or refuse them."""
        if self.refusals:
            raise self.refusals.pop(0)
        self.stored += batches


def make_recorder(shelf: Shelf, clock: ManualClock) -> Recorder:
    """Return a recorder on that database."""
    return Recorder(GroupCommit(shelf.open), MemoryLogStore(), Changes(), clock)


async def test_events_wait_for_a_database_without_room(task: Task, clock: ManualClock) -> None:
    """A full disk on the control plane delays what is written and loses nothing."""
    shelf = Shelf(UnavailableError(), UnavailableError())
    await make_recorder(shelf, clock).store_events(task, [{"counter": 1}])
    assert shelf.stored == [(task.id, [{"counter": 1}])]
    assert clock.slept == [PAUSE_S, PAUSE_S]


async def test_a_fault_is_not_waited_for(task: Task, clock: ManualClock) -> None:
    """What will not pass by itself is told to the caller at once."""
    shelf = Shelf(NotFoundError("the execution is gone"))
    with pytest.raises(NotFoundError):
        await make_recorder(shelf, clock).store_events(task, [{"counter": 1}])
    assert not clock.slept
