# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a module in a ready interpreter see and leave what it does in one of its own?"""

from typing import Any

import pytest
import yaml
from module_bench import CONTENT

NAMES = [
    task["name"]
    for play in yaml.safe_load((CONTENT / "site.yml").read_text())
    for task in play["tasks"]
]

PIPELINED = "AnsiballZ"  # modules that are a file elsewhere are read from a pipe


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_the_result_of_the_stock_way(name: str, both: Any) -> None:
    """Each result is the same, but for times and random names."""
    stock, warm = both
    assert name in stock.results, stock.stdout + stock.stderr
    assert name in warm.results, warm.stdout + warm.stderr
    assert [kind for kind, _ in warm.results[name]] == [kind for kind, _ in stock.results[name]]
    for expected, found in zip(stock.results[name], warm.results[name], strict=True):
        _compare(expected, found)


def test_what_it_cannot_do_is_done_the_stock_way_and_counted(both: Any) -> None:
    """The rest ran warm."""
    _, warm = both
    assert set(warm.counts) == {"warm", "async", "not_python"}, warm.counts
    assert warm.counts["warm"] >= 50


def test_the_recap_is_the_same(both: Any) -> None:
    """The playbook ends in the same way."""
    stock, warm = both
    assert warm.status == stock.status
    assert warm.stdout.split("PLAY RECAP")[1] == stock.stdout.split("PLAY RECAP")[1]


def _compare(expected: Any, found: Any) -> None:
    """Compare two results, and take out what handing a module over without a file makes of it."""
    for result in (expected[1], found[1]):
        for each in (result, *result.get("results", [])):
            if "interpreter" in each:
                each["interpreter"]["argv"] = None
    assert found == expected
