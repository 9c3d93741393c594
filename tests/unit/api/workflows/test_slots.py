# SPDX-License-Identifier: GPL-3.0-or-later

from collections.abc import Mapping

import pytest

from api.executions.places import Refusal
from api.executions.service import Task
from api.workflows.turns.slots import Line, Slots


def make_task(name: str, host_id: int, run_id: int = 1) -> Task:
    """Make a pending execution."""
    return Task(name, run_id, host_id, f"host{host_id}", "pending", 0, None, acknowledged=False)


def open_line(
    slots: Slots,
    *,
    priority: int = 0,
    forks: int | None = None,
    host_limit: int | None = None,
    host_limits: Mapping[int, int] | None = None,
) -> Line:
    """Open a line without anybody who listens."""
    return Line(
        slots,
        group="playbook",
        priority=priority,
        forks=forks,
        host_limit=host_limit,
        host_limits=host_limits or {},
        notify=lambda: None,
    )


def take(line: Line) -> list[str]:
    """Return the ids of what was granted."""
    return [task.id for task in line.take()]


def test_the_order_of_the_run_decides_inside_a_run() -> None:
    """Executions are granted by their place, whenever they stood in line."""
    slots = Slots(1)
    line = open_line(slots)
    tasks = {name: make_task(name, number) for number, name in enumerate("abc")}
    line.add(tasks["a"], 0)
    line.add(tasks["c"], 2)
    line.add(tasks["b"], 1)

    granted = []
    for _ in range(3):
        [name] = take(line)
        granted.append(name)
        line.give_back(tasks[name])
    assert granted == ["a", "b", "c"]
    assert slots.taken == 0


def test_priority_comes_first_and_equal_runs_share() -> None:
    """More priority gets every place; runs of the same one get the same number of places."""
    slots = Slots(4)
    large, small, urgent = open_line(slots), open_line(slots), open_line(slots, priority=5)
    blocker = open_line(slots)
    held = [make_task(f"x{n}", 100 + n) for n in range(4)]
    for position, task in enumerate(held):
        blocker.add(task, position)
    for position in range(9):
        large.add(make_task(f"l{position}", position), position)
    small.add(make_task("s0", 20), 0)
    small.add(make_task("s1", 21), 1)
    urgent.add(make_task("u0", 30), 0)

    for task in held:
        blocker.give_back(task)

    assert take(urgent) == ["u0"]
    assert (len(take(large)), len(take(small))) == (2, 1)


def test_forks_bound_one_run() -> None:
    """A run has no more places than it wants, however many are free."""
    line = open_line(Slots(10), forks=2)
    for position in range(5):
        line.add(make_task(f"t{position}", position), position)

    assert len(take(line)) == 2


def test_a_busy_host_holds_up_nobody_behind_it() -> None:
    """What waits for its host is passed by, and goes on when something ended there."""
    slots = Slots(10)
    first, second = open_line(slots, host_limit=1), open_line(slots, host_limit=1)
    running = make_task("r", 1)
    first.add(running, 0)
    second.add(make_task("same", 1, 2), 0)
    second.add(make_task("other", 2, 2), 1)

    assert (take(first), take(second)) == (["r"], ["other"])
    assert second.explain() is None
    first.give_back(running)
    assert take(second) == ["same"]


def test_a_host_may_have_a_limit_of_its_own() -> None:
    """The host's limit counts before the one for all hosts."""
    line = open_line(Slots(10), host_limit=1, host_limits={1: 3})
    for position in range(4):
        line.add(make_task(f"t{position}", 1), position)

    assert len(take(line)) == 3


def test_who_leaves_gives_everything_back() -> None:
    """A line that is withdrawn or closed keeps no place and blocks no host."""
    slots = Slots(2)
    line, other = open_line(slots, host_limit=1), open_line(slots, host_limit=1)
    line.add(make_task("a", 1), 0)
    line.add(make_task("b", 1), 1)
    line.withdraw()
    assert slots.taken == 0
    line.add(make_task("a", 1), 0)
    task = line.take()[0]
    other.add(make_task("c", 1, 2), 0)

    line.close()
    line.give_back(task)

    assert take(other) == ["c"]
    assert slots.taken == 1


def test_a_run_without_a_place_says_why() -> None:
    """All places taken, or all its hosts busy."""
    slots = Slots(1)
    first, second = open_line(slots), open_line(slots)
    first.add(make_task("a", 1), 0)
    second.add(make_task("b", 2, 2), 0)

    assert first.explain() is None
    assert second.explain() == ("Waits for a place: 1 executions are under way, the limit is 1.")


def test_a_place_that_others_have_is_asked_for_again_in_its_turn() -> None:
    """While all are taken elsewhere nothing is granted; then the first one in line comes first."""
    slots = Slots(2)
    line = open_line(slots)
    tasks = {name: make_task(name, number) for number, name in enumerate("abc")}
    for number, task in enumerate(tasks.values()):
        line.add(task, number)
    assert take(line) == ["a", "b"]

    line.refuse(tasks["a"], 0, "full")
    line.refuse(tasks["a"], 0, "full")
    slots.hand_out()
    assert (take(line), slots.taken) == ([], 1)
    slots.resume()
    assert take(line) == ["a"]

    line.refuse(tasks["a"], 0, "full")
    line.give_back(tasks["b"])  # one's own end is a place that may be free by now
    assert take(line) == ["a", "c"]


def test_a_host_that_others_fill_keeps_nobody_else_waiting() -> None:
    """Its task stands back until it is asked for again, or something ends there."""
    slots = Slots(9)
    line = open_line(slots, host_limit=2)
    full, free = make_task("full", 1), make_task("free", 2)
    line.add(full, 0)
    assert take(line) == ["full"]

    line.refuse(full, 0, "host_full")
    line.add(free, 1)
    assert take(line) == ["free"]
    slots.resume()
    assert take(line) == ["full"]


@pytest.mark.parametrize("refusal", ["full", "host_full"])
def test_what_was_refused_can_be_withdrawn(refusal: Refusal) -> None:
    """A run that is paused or canceled asks for nothing any more."""
    slots = Slots(9)
    line, task = open_line(slots), make_task("a", 1)
    line.add(task, 0)
    line.take()
    line.refuse(task, 0, refusal)
    line.withdraw()
    slots.resume()
    assert (take(line), slots.taken) == ([], 0)
