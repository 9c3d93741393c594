# SPDX-License-Identifier: GPL-3.0-or-later
"""How does each page look? Pictures for people, where ``MYX_SCREENSHOTS`` names a folder."""

import os
from pathlib import Path

import pytest
from furnished import DIALOGS, PAGES, furnish
from playwright.async_api import Browser, expect
from real_control_plane import ControlPlaneProcess
from viewer import Viewer

FOLDER = os.environ.get("MYX_SCREENSHOTS")

pytestmark = pytest.mark.skipif(FOLDER is None, reason="make screenshots takes them")


async def test_every_page_is_pictured(browser: Browser, control_plane: ControlPlaneProcess) -> None:
    """Light and dark, on a desk and on a phone, with something of everything in it."""
    await furnish(control_plane)
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            context = await browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
                reduced_motion="reduce",
            )
            viewer = Viewer(await context.new_page(), control_plane)
            await viewer.open()
            folder = Path(FOLDER or "") / f"{scheme}-{width}"
            await viewer.page.screenshot(path=folder / "sign-in.png")
            await viewer.enter()
            for path, heading in PAGES.items():
                await viewer.go(path)
                title = viewer.page.get_by_role("heading", name=heading, level=1)
                await expect(title).to_be_visible()
                await expect(viewer.page.locator("[aria-busy=true]")).to_have_count(0)
                name = path.strip("/").replace("/", "-").replace("?", "-")
                await viewer.page.screenshot(path=folder / f"{name}.png", full_page=True)
            for path, button in DIALOGS.items():
                await viewer.open_form(path, button)
                name = path.strip("/").replace("/", "-").replace("?", "-")
                await viewer.page.screenshot(path=folder / f"form-{name}.png")
                await viewer.close_form()
            await viewer.open_webhook_form()
            await viewer.page.screenshot(path=folder / "form-webhook.png")
            await context.close()
            assert not viewer.objections
