# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a clear error, and what must be true of every run that has ended?"""

from typing import Any

from driver.command_line import Outcome
from driver.control_plane import ControlPlane
from lab.hosts import Host
from lab.waiting import wait_for

ERROR_LINES = 2
"""An error on the command line is one line, or two: the cause and the remedy."""

TRACES = ("Traceback (most recent call last)", "╭─", "Exception:")
"""What no user may ever see."""

END_STATES = {"successful", "failed", "canceled", "timed_out", "lost"}


def assert_clear_error(outcome: Outcome, *words: str, exit_code: int | None = None) -> None:
    """Check that a refused command names cause and remedy, briefly, and exits with non-zero."""
    assert outcome.exit_code != 0, outcome
    if exit_code is not None:
        assert outcome.exit_code == exit_code, outcome
    assert_no_trace(outcome)
    lines = [line for line in outcome.stderr.splitlines() if line.strip()]
    assert 1 <= len(lines) <= ERROR_LINES, f"{len(lines)} lines of error\n{outcome}"
    assert_mentions(outcome, *words)


def assert_mentions(outcome: Outcome, *words: str) -> None:
    """Check that the user was told each of these words, in any case."""
    missing = [word for word in words if word.lower() not in outcome.output.lower()]
    assert not missing, f"not mentioned: {missing}\n{outcome}"


def assert_no_trace(outcome: Outcome) -> None:
    """Check that nothing looks like a program that fell over."""
    assert not any(trace in outcome.output for trace in TRACES), outcome


def wait_for_end(
    control_plane: ControlPlane, run_id: int, timeout_s: float = 180
) -> dict[str, Any]:
    """Return the run when it has ended."""

    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = control_plane.ask(f"/runs/{run_id}")
        return run if run["status"] in END_STATES else None

    return wait_for(f"the end of run {run_id}", look, timeout_s)


def assert_same_log(control_plane: ControlPlane, host: Host, execution: dict[str, Any]) -> bytes:
    """Check that the control plane holds the host's log, byte for byte; return it."""
    stored = control_plane.read_log(execution["id"])
    spooled = host.read_bytes(f"/var/lib/myx-agent/executions/{execution['id']}/log")
    assert stored == spooled, f"{len(stored)} bytes stored, {len(spooled)} on {host.name}"
    assert execution["log_bytes"] == len(stored)
    return stored
