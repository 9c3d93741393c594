# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import pytest

from api.executions.events import sum_stats


def test_a_recap_adds_up_what_ansible_counted() -> None:
    """Ansible's words become ours, over the host's names for itself."""
    recap = sum_stats(
        {
            "ok": {"web1": 3, "localhost": 1},
            "changed": {"web1": 2},
            "dark": {},
            "failures": {"web1": 1},
            "processed": {"web1": 1},
        }
    )

    assert recap == {
        "ok": 4,
        "changed": 2,
        "unreachable": 0,
        "failed": 1,
        "skipped": 0,
        "rescued": 0,
        "ignored": 0,
    }


@pytest.mark.parametrize("data", [{}, {"ok": None}, {"ok": [1]}, {"ok": {"web1": "many"}}])
def test_what_a_host_makes_up_counts_nothing(data: dict[str, Any]) -> None:
    """A host may send anything: what is no count is none."""
    assert set(sum_stats(data).values()) == {0}
