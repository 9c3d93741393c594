# SPDX-License-Identifier: GPL-3.0-or-later
"""What does somebody see of two control planes behind a plain proxy? One, also when one dies."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess, serve_replicas
from round_robin import share_out
from viewer import Viewer, open_page

PASSWORD = "a long enough password"

LOST_AFTER_S = 2.0

STEPS = 8

COUNTING = """
for step in $(seq {last}); do
    echo "step $step"
    until [ -e {folder}/go$step ]; do sleep 0.05; done
done
"""


@pytest.fixture
async def replicas(
    tmp_path: Path, agent: AgentProcess, postgres_url: str
) -> AsyncIterator[tuple[ControlPlaneProcess, ControlPlaneProcess]]:
    """Return two control planes on one database that know the agent as host 'local'."""
    async with serve_replicas(tmp_path, postgres_url, LOST_AFTER_S) as both:
        await both[0].post("/hosts/local/enroll", agent.enrollment)
        yield both


async def test_a_replica_dies_while_somebody_watches(
    browser: Browser, replicas: tuple[ControlPlaneProcess, ControlPlaneProcess], tmp_path: Path
) -> None:
    """Signed in once, at both; each is killed in turn: no line is missing and none is doubled."""
    one, other = replicas
    body = {"name": "vera", "password": PASSWORD, "grants": [{"role": "operator"}]}
    await one.post("/users", body)
    async with share_out([one.port, other.port]) as url, open_page(browser) as page:
        viewer = Viewer(page, one, url)
        await viewer.sign_in("vera", PASSWORD)
        await expect(viewer.page.get_by_role("heading", name="Overview")).to_be_visible()
        await viewer.start_script(COUNTING.format(folder=tmp_path, last=STEPS))
        for step in range(1, STEPS + 1):
            await viewer.see_line(f"step {step}")
            if step == 3:
                await one.stop(signal.SIGKILL)
            elif step == 6:
                await one.start()
                await other.stop(signal.SIGKILL)
            await asyncio.to_thread((tmp_path / f"go{step}").touch)
        await viewer.see_status("successful")
        lines = [line for line in await viewer.read_lines() if line]
        assert lines == [f"step {step}" for step in range(1, STEPS + 1)]
        await expect(viewer.page.get_by_text("trying again")).to_have_count(0)
    assert not viewer.objections
