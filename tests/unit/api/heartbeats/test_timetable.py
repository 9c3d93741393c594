# SPDX-License-Identifier: GPL-3.0-or-later
from api.heartbeats.timetable import Timetable


def test_the_earliest_comes_first_and_only_when_its_time_has_come() -> None:
    """Hosts come in the order of their times, none before its own."""
    timetable = Timetable()
    for host_id, at in ((1, 30.0), (2, 10.0), (3, 20.0)):
        timetable.put(host_id, at)
    assert [timetable.pop_due(20.0) for _ in range(3)] == [2, 3, None]
    assert 1 in timetable
    assert timetable.list_hosts() == {1}


def test_a_new_time_replaces_the_old_one() -> None:
    """A host that was put twice comes once, at its last time."""
    timetable = Timetable()
    timetable.put(1, 10.0)
    timetable.put(1, 50.0)
    assert timetable.pop_due(49.0) is None
    assert timetable.pop_due(50.0) == 1
    assert timetable.pop_due(99.0) is None


def test_a_removed_host_does_not_come() -> None:
    """What was removed has no time any more."""
    timetable = Timetable()
    timetable.put(1, 10.0)
    timetable.remove(1)
    assert timetable.pop_due(10.0) is None
