# SPDX-License-Identifier: GPL-3.0-or-later
"""Can everybody use it? Contrast, names and roles as WCAG 2.1 AA asks, on every page."""

import pytest
from furnished import DIALOGS, PAGES, furnish
from playwright.async_api import Browser, expect
from real_control_plane import ControlPlaneProcess
from viewer import Scheme, Viewer, open_page


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
async def test_axe_finds_nothing(
    browser: Browser,
    control_plane: ControlPlaneProcess,
    scheme: Scheme,
    width: int,
) -> None:
    """Light and dark, on a desk and on a phone; nothing is wider than a phone's screen."""
    async with open_page(browser, width, scheme) as page:
        viewer = Viewer(page, control_plane)
        await viewer.open()
        await expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()
        found = {"/": await viewer.list_violations()}
        # A height that takes any time is not there yet when the end of a log is scrolled to.
        takes = await page.evaluate("getComputedStyle(document.body).transitionDuration")
        assert takes == "0s"
        await furnish(control_plane)
        await viewer.enter()
        for path, heading in PAGES.items():
            await viewer.go(path)
            title = viewer.page.get_by_role("heading", name=heading, level=1)
            await expect(title).to_be_visible()
            await viewer.settle()
            found[path] = await viewer.list_violations()
            assert await viewer.measure_overflow() <= 0, path
        for path, button in DIALOGS.items():
            await viewer.open_form(path, button)
            found[f"{path}: {button}"] = await viewer.list_violations()
            await viewer.close_form()
        await viewer.open_webhook_form()
        found["the form of a webhook"] = await viewer.list_violations()
    assert {path: problems for path, problems in found.items() if problems} == {}
    assert not viewer.objections
