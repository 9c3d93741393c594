# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx.fleet.run``, with real Ansible, a real control plane and a real agent."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

SLOW = ["sh", "-c", "echo begun; exec sleep 600"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
async def agent(tmp_path: Path, control_plane: ControlPlaneProcess) -> AsyncIterator[AgentProcess]:
    """Return an agent that the control plane knows as host 'local'."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    await control_plane.post("/hosts/local/enroll", process.enrollment)
    yield process
    await process.end()


def run(**options: Any) -> dict[str, Any]:
    """Write a task that runs something."""
    return {"myx.fleet.run": options}


async def test_a_playbook_runs_and_its_log_is_shown(play: Any, tmp_path: Path) -> None:
    """As it comes, behind the host's name; what came of each host is the result."""
    (done,) = await play(run(playbook="greet.yml", extra_vars={"who": "everybody"}))
    assert not done["failed"], done
    assert not done["changed"]
    assert done["run"]["status"] == "successful"
    (execution,) = done["executions"]
    assert (execution["host"], execution["recap"]["ok"]) == ("local", 1)
    shown = (tmp_path / "output").read_text()
    assert "local | " in shown
    assert "hello everybody" in shown
    assert "\x1b" not in shown


async def test_what_fails_says_where_and_why(play: Any) -> None:
    """A program's exit code is the host's; nothing is shown of a task with no_log."""
    failed, refused = await play(
        run(command=["sh", "-c", "echo geheim; exit 3"], limit="local", stream=False),
        run(playbook="nowhere.yml"),
    )
    assert failed["failed"]
    assert failed["executions"][0]["return_code"] == 3
    assert "local: " in failed["msg"]
    assert refused["failed"]
    assert "nowhere.yml" in refused["msg"]


async def test_check_mode_starts_nothing(play: Any, control_plane: ControlPlaneProcess) -> None:
    """It is found out where the run would go."""
    before = (await control_plane.get("/runs"))["count"]
    (checked,) = await play(run(command=["true"], limit="local"), arguments=("--check",))
    assert checked["changed"]
    assert checked["preview"]["waves"][0]["hosts"] == ["local"]
    assert (await control_plane.get("/runs"))["count"] == before


async def test_a_job_starts_nothing_twice(play: Any) -> None:
    """The same task of the same job of AWX is the same run; of another job it is another one."""
    task = run(command=["true"], limit="local")
    (first,) = await play(task, arguments=("-e", "awx_job_id=17"))
    (again,) = await play(task, arguments=("-e", "awx_job_id=17"))
    (other,) = await play(task, arguments=("-e", "awx_job_id=18"))
    assert first["run"]["id"] == again["run"]["id"] != other["run"]["id"]


async def test_a_loop_in_a_job_starts_a_run_each_time(play: Any) -> None:
    """The same once more is no request whose answer was lost; a job that comes again is."""
    task = {**run(command=["true"], limit="local"), "loop": [1, 2]}
    (looped,) = await play(task, arguments=("-e", "awx_job_id=20"))
    (again,) = await play(task, arguments=("-e", "awx_job_id=20"))
    ids = [[each["run"]["id"] for each in one["results"]] for one in (looped, again)]
    assert len(set(ids[0])) == 2
    assert ids[1] == ids[0]


async def test_a_wait_ends_with_the_run(play: Any, control_plane: ControlPlaneProcess) -> None:
    """What takes too long is canceled, or goes on; without waiting it only begins."""
    begun, late = await play(
        run(command=["true"], limit="local", wait=False),
        run(command=SLOW, limit="local", wait_timeout=3),
    )
    assert "executions" not in begun
    assert late["failed"]
    assert "wait_timeout: " in late["msg"]
    await _wait_for(control_plane, late["run"]["id"], "canceled")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_job_cancels_its_run(
    play_file: Any,
    environment: dict[str, str],
    tmp_path: Path,
    control_plane: ControlPlaneProcess,
    number: signal.Signals,
) -> None:
    """As AWX, Semaphore and Ctrl+C end ansible-playbook: the hosts do not go on alone."""
    play_file(run(command=SLOW, limit="local"))
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("ansible-playbook"),
        "play.yml",
        cwd=tmp_path,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if b"local | begun" in line:
            break
    os.kill(process.pid, number)
    await process.communicate()
    run_id = (await control_plane.get("/runs"))["results"][0]["id"]
    await _wait_for(control_plane, run_id, "canceled")


async def test_runs_are_looked_up(play: Any) -> None:
    """The newest first, and one with what it did on each host."""
    done, listed, one = await play(
        run(command=["true"], limit="local"),
        {"myx.fleet.run_info": {"status": "successful", "max_runs": 1}},
        {"myx.fleet.run_info": {"run_id": "{{ r0.run.id }}"}},
    )
    assert [found["id"] for found in listed["runs"]] == [done["run"]["id"]]
    assert one["executions"] == done["executions"]


async def _wait_for(control_plane: ControlPlaneProcess, run_id: int, status: str) -> None:
    async for name, data in control_plane.follow(run_id):
        if name == "end":
            assert data["status"] == status
            return
    raise AssertionError("the stream ended before the run")
