# SPDX-License-Identifier: GPL-3.0-or-later
"""Can somebody who has only a browser take a machine into the fleet? Needs root and podman."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from viewer import Viewer

from lab.hosts import Host, Lab
from lab.prerequisites import find_obstacle

INSTALLED_WITHIN_MS = 300_000


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """Return hosts of this test's own: none yet."""
    obstacle = find_obstacle()
    if obstacle:
        pytest.skip(obstacle)
    lab = await asyncio.to_thread(Lab)
    yield lab
    await asyncio.to_thread(lab.close)


@pytest.fixture
async def host(lab: Lab) -> Host:
    """Return a bare Debian with sshd."""
    [host] = await asyncio.to_thread(lab.boot, "fresh")
    return host


async def test_a_host_is_added_and_its_install_watched(
    viewer: Viewer, lab: Lab, host: Host
) -> None:
    """From a form to an agent that answers; what the install prints is seen while it goes on."""
    await viewer.enter()
    page = viewer.page
    await viewer.go("/hosts")
    await page.get_by_role("button", name="Add host").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").first.fill("fresh")
    await form.get_by_label("Address").first.fill(host.address)
    await form.get_by_label("SSH user").fill("root")
    await form.get_by_label("SSH private key").fill(lab.key_path.read_text())
    await form.get_by_role("button", name="Add and install").click()
    await viewer.see_status("running")
    await expect(page.locator("[data-at]").first).to_be_visible(timeout=INSTALLED_WITHIN_MS)
    await expect(page.locator("[data-status=running]").first).to_be_visible()
    done = page.locator("[data-status=successful]").first
    await expect(done).to_be_visible(timeout=INSTALLED_WITHIN_MS)
    state = await asyncio.to_thread(host.ask, "systemctl is-active myx-agent.service")
    assert state == "active"
    await viewer.go("/hosts/fresh")
    await viewer.see_status("online")
