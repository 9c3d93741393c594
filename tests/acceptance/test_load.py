# SPDX-License-Identifier: GPL-3.0-or-later
"""Many at once on one host: each its own, none lost, and the limit says what it is."""

from typing import Any

from driver.agents import DEFAULT_CONCURRENT, set_limits
from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import wait_for_end
from driver.load import Crowd
from lab.hosts import Host
from lab.waiting import wait_for

PLAYBOOKS, COMMANDS = 6, 14


def test_many_at_once(
    fleet: dict[str, Host], control_plane: ControlPlane, myx: CommandLine
) -> None:
    """Up to the limit all are right and see their own variables; one more waits, and says why."""
    host = fleet["db1"]
    set_limits(host, max_concurrent=PLAYBOOKS + COMMANDS)
    try:
        crowd = Crowd(control_plane, host)
        crowd.gather(playbooks=PLAYBOOKS, commands=COMMANDS)
        one_more = myx.detach("exec", "--limit", host.name, "--", "true")
        waiting = wait_for("the refusal", lambda: _find_refused(control_plane, host, one_more))
        crowd.release()
        end = wait_for_end(control_plane, one_more)
    finally:
        set_limits(host, max_concurrent=DEFAULT_CONCURRENT)
    assert crowd.find_problems() == []
    assert waiting["status"] == "pending"
    assert f"its limit (max_concurrent) is {PLAYBOOKS + COMMANDS}" in waiting["wait_reason"]
    running = [control_plane.list_executions(run)[host.name]["id"] for run in crowd.runs]
    assert any(execution_id in waiting["wait_reason"] for execution_id in running)
    assert end["status"] == "successful", end


def _find_refused(plane: ControlPlane, host: Host, run_id: int) -> dict[str, Any] | None:
    """Return the execution once the agent has refused it."""
    execution = plane.list_executions(run_id)[host.name]
    return execution if execution["wait_code"] == "busy" else None
