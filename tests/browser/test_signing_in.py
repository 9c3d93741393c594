# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes in, and what do they see?"""

from furnished import PAGES, furnish
from playwright.async_api import expect
from viewer import Viewer

PASSWORD = "a long enough password"


async def _add_user(viewer: Viewer, role: str) -> None:
    grants = [{"role": role}]
    body = {"name": "vera", "password": PASSWORD, "grants": grants}
    await viewer.control_plane.post("/users", body)


async def _sign_in(viewer: Viewer, password: str, name: str = "vera") -> None:
    await viewer.page.locator("input[autocomplete=username]").fill(name)
    await viewer.page.locator("input[type=password]").fill(password)
    await viewer.page.get_by_role("button", name="Sign in").click()


async def test_a_user_signs_in_and_out(viewer: Viewer) -> None:
    """A wrong password is told in words; the right one opens; signing out ends the session."""
    await _add_user(viewer, "viewer")
    await viewer.open()
    await _sign_in(viewer, "wrong password here")
    await expect(viewer.page.get_by_role("alert")).to_contain_text("password")
    await _sign_in(viewer, PASSWORD)
    navigation = viewer.page.get_by_role("navigation", name="Main navigation")
    await expect(navigation.get_by_text("vera")).to_be_visible()
    await expect(navigation.get_by_text("Hosts")).to_be_visible()
    await expect(navigation.get_by_text("Run something")).to_have_count(0)
    await viewer.page.reload()
    await expect(navigation.get_by_text("vera")).to_be_visible()
    await viewer.page.get_by_role("button", name="Sign out").click()
    await expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()
    await viewer.page.reload()
    await expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_a_viewer_is_offered_nothing_that_would_be_refused(viewer: Viewer) -> None:
    """Pages are read by who may only see; what changes something is not there."""
    await furnish(viewer.control_plane)
    body = {"name": "otto", "password": PASSWORD, "grants": [{"role": "viewer"}]}
    await viewer.control_plane.post("/users", body)
    await viewer.open()
    await _sign_in(viewer, PASSWORD, "otto")
    page = viewer.page
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for path, heading in PAGES.items():
        if path.startswith(("/people", "/audit", "/launch")):
            continue
        await viewer.go(path)
        await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        await expect(page.get_by_role("alert")).to_have_count(0)
        offered = (
            page.locator("main").get_by_role("button").or_(page.locator("main").get_by_role("link"))
        )
        words = {text.strip() for text in await offered.all_inner_texts()}
        assert not words & {"Add host", "Add a group", "Add a notification", "Change", "More"}, path
        assert not words & {"Run something", "Run something here", "Cancel run"}, path


async def test_a_session_that_ends_is_told(viewer: Viewer) -> None:
    """Who is disabled while looking is shown the door, with the reason."""
    await _add_user(viewer, "operator")
    await viewer.open()
    await _sign_in(viewer, PASSWORD)
    await expect(viewer.page.get_by_role("heading", name="Overview")).to_be_visible()
    async with viewer.control_plane.connect() as client:
        answer = await client.patch("/users/vera", json={"is_disabled": True})
        assert answer.status_code == 200, answer.text
    await expect(viewer.page.get_by_text("You have been signed out")).to_be_visible()


async def test_the_language_is_that_of_the_reader(viewer: Viewer) -> None:
    """Chinese is one click away, and stays."""
    await viewer.open()
    await viewer.page.get_by_role("button", name="中文").click()
    await expect(viewer.page.get_by_role("heading", name="登录")).to_be_visible()
    await viewer.page.reload()
    await expect(viewer.page.get_by_role("heading", name="登录")).to_be_visible()
    assert await viewer.page.locator("html").get_attribute("lang") == "zh-CN"
