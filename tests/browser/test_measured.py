# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the page of a host show how busy it was?"""

import re

from measured import measure
from playwright.async_api import expect
from viewer import Viewer


async def test_the_load_of_a_host_is_drawn(viewer: Viewer) -> None:
    """Three charts of an hour, a day or a week, with the same in a table that all can read."""
    measure(viewer.control_plane, "local")
    await viewer.enter()
    page = viewer.page
    await viewer.go("/hosts/local")
    await expect(page.get_by_role("heading", name="Load over time")).to_be_visible()
    for title, highest in (("Load, 1 minute", r"[\d.]+"), ("Memory", r"\d+ %"), ("Disk", r"\d+ %")):
        told = re.compile(rf"^{title} over time: highest {highest}\. The table")
        await expect(page.get_by_role("img", name=told)).to_be_visible()

    await page.get_by_text("7 days", exact=True).click()
    await page.get_by_text("Show as a table").click()
    table = page.get_by_role("table").filter(has_text="Memory")
    await expect(table.get_by_role("columnheader", name="Memory, highest")).to_be_visible()
    assert await viewer.list_violations() == []
    await page.get_by_text("1 hour", exact=True).click()
    await expect(table.get_by_role("columnheader")).to_have_count(4)


async def test_a_host_that_was_never_measured(viewer: Viewer) -> None:
    """Says so, and what it takes."""
    await viewer.control_plane.post("/hosts", {"name": "new", "address": "192.0.2.1"})
    await viewer.enter()
    await viewer.go("/hosts/new")
    await expect(viewer.page.get_by_text("Nothing was measured in this time.")).to_be_visible()
