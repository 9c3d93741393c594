# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.plugin_utils._report_spool import Spool


@pytest.fixture
def make() -> t.Iterator[t.Callable[[int], Spool]]:
    """Return a function that opens a spool."""
    with contextlib.ExitStack() as opened:
        yield lambda max_bytes: opened.enter_context(contextlib.closing(Spool(max_bytes)))


def take_all(spool: Spool, max_bytes: int = 64) -> list[dict[str, t.Any]]:
    """Take all records out, in parts."""
    taken = []
    while spool.wait(0):
        records, size = spool.peek(max_bytes)
        taken += records
        spool.forget(len(records), size)
    return taken


def test_records_come_out_as_they_went_in(make: t.Callable[[int], Spool]) -> None:
    """In order, those too that are larger than what is asked for at once."""
    spool = make(10_000)
    records = [{"data": "x" * size} for size in (1, 500, 2, 63)]
    for record in records:
        spool.put(record)
    assert spool.waiting == 4
    assert take_all(spool) == records
    assert spool.waiting == 0
    spool.put({"data": "again"})
    assert take_all(spool) == [{"data": "again"}]


def test_what_finds_no_room_is_dropped_and_counted(make: t.Callable[[int], Spool]) -> None:
    """So is all that follows, since the rest would only pretend to be whole."""
    spool = make(100)
    spool.put({"data": "first"})
    spool.put({"data": "x" * 100})
    spool.put({"data": "third"})
    assert spool.dropped == 2
    assert take_all(spool) == [{"data": "first"}]


def test_a_finished_spool_takes_nothing(make: t.Callable[[int], Spool]) -> None:
    """What is in it comes out."""
    spool = make(100)
    spool.put({"data": "first"})
    spool.finish()
    spool.put({"data": "second"})
    assert spool.is_finished
    assert take_all(spool) == [{"data": "first"}]
    assert not spool.wait(60)
