# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of real runs share? A control plane and an agent, each a process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[AgentProcess]:
    """Return an agent that listens."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def control_plane(
    tmp_path: Path, agent: AgentProcess, database_url: str | None
) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves and knows the agent as host 'local'."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "greet.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - name: Greet\n      ansible.builtin.debug:\n        msg: 'hello {{ who }}'\n"
    )
    settings = {} if database_url is None else {"MYX_DATABASE_URL": database_url}
    process = ControlPlaneProcess(tmp_path / "data", content, **settings)
    await process.start()
    await process.post("/hosts/local/enroll", agent.enrollment)
    yield process
    await process.stop()
