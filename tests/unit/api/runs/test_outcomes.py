# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from api.executions.states import State
from api.runs.outcomes import decide_end


@pytest.mark.parametrize(
    ("counts", "status", "reason"),
    [
        ({"successful": 1}, "successful", "1 host: successful."),
        ({"successful": 2}, "successful", "2 hosts: 2 successful."),
        ({"successful": 3, "failed": 2}, "failed", "5 hosts: 3 successful, 2 failed."),
        ({"timed_out": 1}, "failed", "1 host: timed out."),
        ({"lost": 1, "canceled": 1}, "failed", "2 hosts: 1 lost, 1 canceled."),
        ({"canceled": 1, "successful": 1}, "canceled", "2 hosts: 1 successful, 1 canceled."),
    ],
)
def test_the_worst_execution_decides(counts: dict[State, int], status: str, reason: str) -> None:
    """Failed, timed out or lost makes the run failed; else canceled; else successful."""
    end = decide_end(counts)

    assert (end.status, end.reason) == (status, reason)
