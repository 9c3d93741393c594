# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run's end means: exit code and recap."""

from typing import Any

import pytest

from api.cli.terminal.times import tell_seconds
from api.cli.watching.following import Outcome
from api.cli.watching.outcome import ExitCode, exit_code_of, write_recap


def _execution(host: str, status: str, reason_code: str, **fields: Any) -> dict[str, Any]:
    times = {"started_at": "2026-01-01T10:00:00Z", "finished_at": "2026-01-01T10:00:02.5Z"}
    return {"host": host, "status": status, "reason_code": reason_code, **times, **fields}


OK = _execution("web1", "successful", "completed", recap={"ok": 3, "changed": 1})
FAILED = _execution("web2", "failed", "nonzero_exit", reason="exit code 3", recap=None)
AWAY = _execution("db1", "failed", "unreachable", reason="No route to host.", started_at=None)
BARE = _execution("db2", "failed", "not_installed", reason="There is no agent.", started_at=None)
LOST = _execution("db3", "lost", "agent_lost", reason="Not heard of.")
SLOW = _execution("db4", "timed_out", "timed_out", reason="Longer than 5 s.")


@pytest.mark.parametrize(
    ("status", "executions", "expected"),
    [
        ("successful", [OK], ExitCode.SUCCESSFUL),
        ("failed", [OK, FAILED], ExitCode.FAILED),
        ("failed", [OK, AWAY], ExitCode.NOT_REACHED),
        ("failed", [AWAY, BARE], ExitCode.NOT_REACHED),
        ("failed", [AWAY, FAILED], ExitCode.FAILED),
        ("failed", [LOST], ExitCode.FAILED),
        ("timed_out", [SLOW], ExitCode.FAILED),
        ("failed", [], ExitCode.FAILED),
    ],
)
def test_exit_codes(status: str, executions: list[dict[str, Any]], expected: ExitCode) -> None:
    """0 all successful, 4 where hosts only could not be reached, 2 for everything else."""
    assert exit_code_of(status, executions) is expected


def test_the_recap_names_each_host() -> None:
    """Each host has its counts and time, and the reason where it was not successful."""
    run = {"id": 7, "status": "failed", "reason": "3 hosts: 1 successful, 2 failed."}
    lines = write_recap(Outcome(run, [FAILED, OK, AWAY])).splitlines()
    assert lines == [
        "Run 7 failed: 3 hosts: 1 successful, 2 failed.",
        "  db1   failed      No route to host.",
        "  web1  successful  ok=3 changed=1  2.5 s",
        "  web2  failed      2.5 s  exit code 3",
    ]


def test_the_recap_of_a_run_that_never_started() -> None:
    """A run without executions tells its own reason."""
    run = {"id": 8, "status": "failed", "reason": "The playbook is not in the content."}
    assert write_recap(Outcome(run, [])) == "Run 8 failed: The playbook is not in the content."


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 01 s"), (3725, "1 h 02 min")],
)
def test_durations_are_for_people(seconds: float, expected: str) -> None:
    """The unit grows with the time."""
    assert tell_seconds(seconds) == expected
