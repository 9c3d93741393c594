# SPDX-License-Identifier: GPL-3.0-or-later

import signal
from pathlib import Path

import pytest
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess
from sse import join_log

STEPS = """
echo started >> {folder}/starts
for step in 1 2 3; do
    echo "out $step"
    echo "err $step" >&2
    until [ -e {folder}/go$step ]; do sleep 0.02; done
done
head -c 300000 /dev/urandom
echo done
"""
"""A script that counts its starts, and waits for a file behind each step."""


class Steps:
    """A run of the script above."""

    def __init__(self, folder: Path, control_plane: ControlPlaneProcess) -> None:
        self._folder = folder
        self._control_plane = control_plane
        self.run_id = 0
        self.execution_id = ""

    async def begin(self) -> None:
        """Start the run."""
        content = STEPS.format(folder=self._folder)
        body = {"kind": "script", "script": {"name": "steps", "content": content}, "limit": "all"}
        self.run_id = (await self._control_plane.post("/runs", body))["id"]

    async def wait_for(self, step: int) -> None:
        """Return when the log that is stored has a step."""
        async for name, data in self._control_plane.follow(self.run_id):
            self.execution_id = data["id"] if name == "execution" else self.execution_id
            if name == "log" and f"err {step}" in data["log_data"]:
                return

    def allow(self, step: int) -> None:
        """Let the script go on behind a step."""
        (self._folder / f"go{step}").touch()

    async def finish(self) -> bytes:
        """Follow to the end and return the log that the control plane has."""
        events = [event async for event in self._control_plane.follow(self.run_id)]
        name, end = events[-1]
        assert (name, end["status"]) == ("end", "successful"), end
        return await self._control_plane.download(self.execution_id)

    @property
    def starts(self) -> int:
        """How often the script was started."""
        return len((self._folder / "starts").read_text().splitlines())


@pytest.fixture
def steps(tmp_path: Path, control_plane: ControlPlaneProcess) -> Steps:
    """Return a run of the script that has not begun."""
    return Steps(tmp_path, control_plane)


def keep_log(agent: AgentProcess, execution_id: str, copy: Path) -> None:
    """Give the log on the host a second name, since it may be removed once it is acknowledged."""
    copy.hardlink_to(agent.spool / execution_id / "log")


async def test_a_killed_control_plane_goes_on_where_it_was(
    control_plane: ControlPlaneProcess, agent: AgentProcess, steps: Steps, tmp_path: Path
) -> None:
    """After each kill -9 the run goes on, runs once, and its log is the host's, byte for byte."""
    await steps.begin()
    for step in (1, 2, 3):
        await steps.wait_for(step)
        await control_plane.stop(signal.SIGKILL)
        steps.allow(step)
        if step == 1:
            keep_log(agent, steps.execution_id, tmp_path / "log-on-host")
        await control_plane.start()
    log = await steps.finish()

    on_host = (tmp_path / "log-on-host").read_bytes()
    assert len(on_host) > 300_000
    assert log == on_host
    assert steps.starts == 1


async def test_a_restarted_agent_costs_nothing(
    agent: AgentProcess, steps: Steps, tmp_path: Path
) -> None:
    """An agent that is killed and started again under a run goes on delivering its log."""
    await steps.begin()
    for step in (1, 2, 3):
        await steps.wait_for(step)
        await agent.stop(signal.SIGKILL)
        steps.allow(step)
        if step == 1:
            keep_log(agent, steps.execution_id, tmp_path / "log-on-host")
        await agent.start()
    log = await steps.finish()

    assert log == (tmp_path / "log-on-host").read_bytes()
    assert steps.starts == 1


async def test_a_control_plane_that_stops_lets_its_viewers_go(
    control_plane: ControlPlaneProcess, steps: Steps
) -> None:
    """A stream ends when the control plane is asked to stop, and the run is resumed later."""
    await steps.begin()
    await steps.wait_for(1)
    seen = []
    async for event in control_plane.follow(steps.run_id):
        seen.append(event[0])
        if event[0] == "log":
            stopping = control_plane.stop()
            break
    await stopping
    for step in (1, 2, 3):
        steps.allow(step)
    await control_plane.start()
    log = await steps.finish()

    assert b"done" in log
    assert steps.starts == 1


async def test_a_playbook_runs_on_the_agent(control_plane: ControlPlaneProcess) -> None:
    """A playbook of the content folder runs on the host with its variables, and leaves a recap."""
    body = {"kind": "playbook", "playbook": "greet.yml", "extra_vars": {"who": "world"}}
    run = await control_plane.post("/runs", body)
    events = [event async for event in control_plane.follow(run["id"])]

    assert events[-1][1]["status"] == "successful", events[-1]
    [execution] = [
        data for name, data in events if name == "execution" and data["status"] == "successful"
    ]
    assert "hello world" in join_log(events, execution["id"])
    assert execution["recap"]["ok"] == 1


async def test_a_cancel_ends_the_processes_on_the_host(
    control_plane: ControlPlaneProcess, steps: Steps
) -> None:
    """A canceled run ends as canceled with what it had written by then."""
    await steps.begin()
    await steps.wait_for(1)

    await control_plane.post(f"/runs/{steps.run_id}/cancel", {})
    events = [event async for event in control_plane.follow(steps.run_id)]

    assert events[-1][1]["status"] == "canceled"
    assert await control_plane.download(steps.execution_id) == b"out 1\nerr 1\n"
