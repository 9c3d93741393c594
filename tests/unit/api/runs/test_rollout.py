# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import pytest
from pydantic import ValidationError

from api.runs.rollout.budget import Budget
from api.runs.rollout.schemas import Rollout
from api.runs.rollout.waves import arrange, count_share, number_waves, settle_seed, split_waves


@pytest.mark.parametrize(
    ("total", "sizes", "waves"),
    [
        (10, [], [10]),
        (10, ["1"], [1] * 10),
        (10, ["1", "20%", "100%"], [1, 2, 7]),
        (3, ["10%"], [1, 1, 1]),
        (1000, ["1", "5%", "25%", "100%"], [1, 50, 250, 699]),
        (7, ["2", "3"], [2, 3, 2]),
        (1, ["50%"], [1]),
    ],
)
def test_waves_are_ansibles_serial(total: int, sizes: list[str], waves: list[int]) -> None:
    """Shares are of all hosts and at least one; the last size is repeated."""
    assert split_waves(total, sizes) == waves
    assert len(number_waves(total, sizes)) == total


@pytest.mark.parametrize(
    ("share", "total", "count"),
    [("3", 100, 3), ("10%", 99, 9), ("0%", 50, 0), ("33.3%", 1000, 333), ("0.1%", 999, 0)],
)
def test_shares_are_rounded_down(share: str, total: int, count: int) -> None:
    """A percentage of hosts is a whole number of them."""
    assert count_share(share, total) == count


@pytest.mark.parametrize(
    "fields",
    [
        {"waves": ["0"]},
        {"waves": ["101%"]},
        {"waves": ["-1"]},
        {"waves": [True]},
        {"waves": ["x"]},
        {"waves": ["0%"]},
        {"max_failures": "5.5"},
        {"forks": 0},
        {"order": "random"},
        {"ttl_s": 0},
        {"pause_after": [0]},
        {"wave": 1},
    ],
)
def test_nonsense_is_refused(fields: dict[str, Any]) -> None:
    """What is no number of hosts, no share or out of bounds names its field."""
    with pytest.raises(ValidationError) as caught:
        Rollout.model_validate(fields)
    assert caught.value.errors()[0]["loc"][0] == next(iter(fields))


@pytest.mark.parametrize(
    ("order", "arranged"),
    [
        ("inventory", "bca"),
        ("reverse_inventory", "acb"),
        ("sorted", "abc"),
        ("reverse_sorted", "cba"),
    ],
)
def test_hosts_are_ordered(order: Any, arranged: str) -> None:
    """The orders are those of a play."""
    assert "".join(arrange([(name, name) for name in "bca"], Rollout(order=order))) == arranged


def test_a_shuffle_has_a_seed() -> None:
    """It is chosen where none was given, and makes the order repeatable from any inventory."""
    rollout = settle_seed(Rollout(order="shuffle"))
    names = [(str(number), number) for number in range(50)]

    assert rollout.seed is not None
    assert settle_seed(rollout) == rollout
    assert arrange(names, rollout) == arrange(names[::-1], rollout)
    assert arrange(names, rollout) != [number for _, number in names]


@pytest.mark.parametrize(
    ("fields", "failed", "excess"),
    [
        ({}, [1, 1, 2], None),
        ({"max_failures": 0}, [1], "1 host failed, max_failures is 0."),
        ({"max_failures": "20%"}, [1, 2], None),
        ({"max_failures": "20%"}, [1, 2, 2], "3 hosts failed, max_failures is 2."),
        (
            {"max_failures_per_wave": "50%"},
            [1, 1, 2],
            "2 hosts failed in wave 1, max_failures_per_wave is 1.",
        ),
        ({}, [1, 1, 1], "All of wave 1 failed."),
        ({"max_failures": 5}, [1, 1, 1], None),
    ],
)
def test_a_budget_must_be_exceeded(fields: Any, failed: list[int], excess: str | None) -> None:
    """As many failures as allowed are allowed; without a budget a whole wave must fail."""
    budget = Budget(Rollout(**fields), [3, 7])
    for wave in failed:
        budget.note_end(wave, "lost")
    budget.note_end(2, "successful")
    budget.note_end(2, "canceled")

    assert budget.find_excess() == excess
