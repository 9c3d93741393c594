# SPDX-License-Identifier: GPL-3.0-or-later
"""Can what the fleet is made of be changed in the browser: hosts, groups, triggers, who is told?"""

import re

from furnished import furnish
from playwright.async_api import Locator, Page, expect
from viewer import Viewer


async def _choose(page: Page, name: str, action: str) -> None:
    """Choose something from the menu of a row."""
    await page.get_by_role("button", name=f"What can be done with {name}", exact=True).click()
    await page.get_by_role("menuitem", name=action, exact=True).click()


def _dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


async def test_a_group_gives_variables_and_takes_hosts(viewer: Viewer) -> None:
    """It is made, hosts that were selected come into it, its variables change, and it goes."""
    await viewer.enter()
    page = viewer.page
    await viewer.go("/groups")
    await page.get_by_role("button", name="Add a group").click()
    await _dialog(page).get_by_label("Name").fill("edge")
    await _dialog(page).get_by_label("Variables", exact=True).fill("no mapping")
    await expect(_dialog(page).get_by_text("This is no mapping")).to_be_visible()
    await _dialog(page).get_by_label("Variables", exact=True).fill('{"port": 80}')
    await _dialog(page).get_by_label("Secret variables").fill('{"key": "s3cret"}')
    await _dialog(page).get_by_role("button", name="Add a group").click()
    await expect(page.get_by_role("link", name="edge")).to_be_visible()

    await viewer.go("/hosts")
    await page.get_by_label("Select local").check()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Add to a group").click()
    await _dialog(page).get_by_role("combobox", name="Name of the group").click()
    await page.get_by_role("option", name="edge").click()
    await _dialog(page).get_by_role("button", name="Add to a group").click()
    await expect(page.get_by_role("cell", name="edge")).to_be_visible()

    await viewer.go("/groups")
    await _choose(page, "edge", "Change")
    await expect(_dialog(page).get_by_text("Kept: key.")).to_be_visible()
    await _dialog(page).get_by_label("Description").fill("At the edge")
    await _dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_text("At the edge")).to_be_visible()
    group = await viewer.control_plane.get("/groups/edge")
    assert (group["hosts_count"], group["variables"]) == (1, {"port": 80})
    await _choose(page, "edge", "Remove")
    await _dialog(page).get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("link", name="edge")).to_have_count(0)


async def test_a_host_is_changed(viewer: Viewer) -> None:
    """Groups, labels and variables are those of the form; what it does not show stays."""
    await viewer.enter()
    page = viewer.page
    await viewer.go("/hosts/local")
    await page.get_by_role("button", name="Change").click()
    await _dialog(page).get_by_label("Location").fill("Frankfurt")
    await _dialog(page).get_by_label("Labels").fill("env=prod")
    await page.keyboard.press("Enter")
    await _dialog(page).get_by_label("Variables", exact=True).fill('{"port": 8080}')
    await _dialog(page).get_by_role("button", name="Save").click()
    await expect(_dialog(page)).to_have_count(0)
    await expect(page.get_by_text("Frankfurt")).to_be_visible()
    host = await viewer.control_plane.get("/hosts/local")
    assert (host["labels"], host["variables"]) == ({"env": "prod"}, {"port": 8080})
    assert host["agent"]["status"] == "online"


async def test_who_is_told_is_tried_out(viewer: Viewer) -> None:
    """A notification is made, its secret shown once, and a test says why it does not arrive."""
    await viewer.enter()
    page = viewer.page
    await viewer.go("/notifications")
    await expect(page.get_by_text("Nobody is told of anything yet.")).to_be_visible()
    await page.get_by_role("button", name="Add a notification").click()
    await _dialog(page).get_by_label("Name").fill("chat")
    await _dialog(page).get_by_label("Address").fill("https://127.0.0.1:9/hook")
    await _dialog(page).get_by_role("button", name="Add a notification").click()
    await expect(_dialog(page).get_by_text("It is shown this once")).to_be_visible()
    await _dialog(page).get_by_role("button", name="Close").last.click()
    await _choose(page, "chat", "Send a test")
    await expect(_dialog(page).get_by_text("127.0.0.1").first).to_be_visible()


async def test_what_runs_by_itself_is_changed_and_removed(viewer: Viewer) -> None:
    """A schedule gets other times and is paused; a webhook is made from the form to run things."""
    await furnish(viewer.control_plane)
    await viewer.enter()
    page = viewer.page
    await viewer.go("/schedules")
    await _choose(page, "Nightly upgrade", "Change")
    await _dialog(page).get_by_label("cron").fill("15 4 * * *")
    await _dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_text("15 4 * * *")).to_be_visible()
    await _choose(page, "Nightly upgrade", "Pause")
    await expect(page.locator("[data-status=pending]")).to_have_count(2)
    await _choose(page, "Nightly upgrade", "Remove")
    await _dialog(page).get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Nightly upgrade")).to_have_count(0)

    await viewer.open_webhook_form()
    await _dialog(page).get_by_label("Name").fill("From elsewhere")
    await _dialog(page).get_by_role("button", name="Remove").last.click()
    await _dialog(page).get_by_label("Place").fill("/ref")
    await _dialog(page).get_by_label("Value").fill("main")
    await _dialog(page).get_by_role("button", name="Add a webhook").click()
    words = _dialog(page).get_by_text("It is shown this once")
    await expect(words).to_contain_text(re.compile(r"http://127.*/api/v1/webhooks/2/deliveries"))
    await _dialog(page).get_by_role("button", name="Close").last.click()
    await expect(page.get_by_role("button", name="From elsewhere", exact=True)).to_be_visible()
    webhook = await viewer.control_plane.get("/webhooks/2")
    assert webhook["matchers"][0]["equals"] == "main"
    assert webhook["run"]["limit"] == "local"
