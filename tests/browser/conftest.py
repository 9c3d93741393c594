# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the browser's tests share? A control plane, an agent and Chromium, each a process."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess
from viewer import Viewer, open_page

SITE = """# Configure a site
- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the configuration
      ansible.builtin.copy:
        content: "name={{ site_name }}\\n"
        dest: "{{ folder }}/site.conf"
        mode: "0644"
    - name: Wait for the test
      ansible.builtin.wait_for:
        path: "{{ folder }}/go"
        sleep: 1
    - name: Check that it answers
      ansible.builtin.command: "{{ check_program | default('/bin/true') }}"
      changed_when: false
"""


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[AgentProcess]:
    """Return an agent that listens."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def control_plane(tmp_path: Path, agent: AgentProcess) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves and knows the agent as host 'local'."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "site.yml").write_text(SITE)
    process = ControlPlaneProcess(tmp_path / "data", content)
    await process.start()
    await process.post("/hosts/local/enroll", agent.enrollment)
    yield process
    await process.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Return Debian's Chromium."""
    program = os.environ.get("MYX_CHROMIUM") or shutil.which("chromium")
    assert program, "no Chromium: apt-get install chromium, or set MYX_CHROMIUM"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def viewer(browser: Browser, control_plane: ControlPlaneProcess) -> AsyncIterator[Viewer]:
    """Return somebody who looks, and is not signed in; what the browser objects to is an error."""
    async with open_page(browser) as page:
        viewer = Viewer(page, control_plane)
        yield viewer
    assert not viewer.objections
