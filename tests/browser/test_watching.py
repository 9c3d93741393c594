# SPDX-License-Identifier: GPL-3.0-or-later
"""What does somebody see of a run while it runs, and can they do something about it?"""

import signal
from pathlib import Path

from playwright.async_api import Browser, expect
from real_agent import AgentProcess
from viewer import Viewer, open_page

GATED = """
echo first line
until [ -e {folder}/go ]; do sleep 0.05; done
echo last line
"""

COUNTING = """
for step in 1 2 3 4 5 6; do
    echo "step $step"
    until [ -e {folder}/go$step ]; do sleep 0.05; done
done
"""


async def test_a_playbook_is_run_from_the_form(viewer: Viewer, tmp_path: Path) -> None:
    """Chosen, aimed with a preview, started; its first task is seen while the next one runs."""
    await viewer.enter()
    page = viewer.page
    await page.get_by_role("link", name="Run something").first.click()
    await page.get_by_placeholder("Find a playbook").click()
    await page.get_by_role("option", name="site").click()
    await expect(page.get_by_text("Hosts: 1", exact=True)).to_be_visible()
    variables = {"site_name": "shop", "folder": str(tmp_path), "check_program": "/bin/false"}
    body = {"kind": "playbook", "playbook": "site.yml", "extra_vars": variables, "diff": True}
    run = await viewer.control_plane.post("/runs", body)
    await viewer.go(f"/runs/{run['id']}")
    await expect(page.get_by_text("+name=shop", exact=True)).to_be_visible()
    await viewer.see_status("running")
    (tmp_path / "go").touch()
    await viewer.see_status("failed")
    await page.get_by_role("tab", name="Tasks").click()
    await page.get_by_role("button", name="Write the configuration").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text("+name=shop", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("tab", name="Output").click()
    await page.get_by_role("button", name="Jump to the first failure").click()
    await expect(page.locator("[data-marked]")).to_contain_text("FAILED!")
    assert "at=" in page.url
    await page.get_by_role("button", name="Retry failed hosts").click()
    await expect(page.get_by_role("heading", name="site.yml")).to_contain_text(str(run["id"] + 1))


async def test_the_first_line_comes_while_it_runs(viewer: Viewer, tmp_path: Path) -> None:
    """What a script prints is there before it ends, for two who look at once."""
    await viewer.enter()
    await viewer.start_script(GATED.format(folder=tmp_path))
    await viewer.see_line("first line")
    await viewer.see_status("running")
    other = Viewer(await viewer.page.context.new_page(), viewer.control_plane)
    await other.enter()
    await other.page.goto(viewer.page.url)
    await other.see_line("first line")
    (tmp_path / "go").touch()
    for each in (viewer, other):
        await each.see_line("last line")
        await each.see_status("successful")
    assert not other.objections


async def test_a_run_is_cancelled(viewer: Viewer, tmp_path: Path) -> None:
    """After a question the run ends, and says so."""
    await viewer.enter()
    await viewer.start_script(GATED.format(folder=tmp_path))
    await viewer.see_line("first line")
    await viewer.page.get_by_role("button", name="Cancel run").click()
    await viewer.page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    await viewer.see_status("canceled")


async def test_a_restarted_server_loses_and_doubles_nothing(viewer: Viewer, tmp_path: Path) -> None:
    """The control plane is killed twice while somebody watches: each line is there once."""
    await viewer.enter()
    await viewer.start_script(COUNTING.format(folder=tmp_path))
    for step in range(1, 7):
        await viewer.see_line(f"step {step}")
        if step in {2, 4}:
            await viewer.control_plane.stop(signal.SIGKILL)
            await expect(viewer.page.get_by_text("trying again").first).to_be_visible()
            await viewer.control_plane.start()
        (tmp_path / f"go{step}").touch()
    await viewer.see_status("successful")
    lines = [line for line in await viewer.read_lines() if line]
    assert lines == [f"step {step}" for step in range(1, 7)]
    await expect(viewer.page.get_by_text("trying again")).to_have_count(0)


async def test_a_line_is_shared(viewer: Viewer, browser: Browser) -> None:
    """The address of a line in the middle of a big log leads somebody else to that line."""
    await viewer.enter()
    run_id = await viewer.start_script("seq -f 'line %.0f' 1 300000\n")
    await viewer.see_status("successful")
    page = viewer.page
    await viewer.see_line("line 300000")
    await page.get_by_label("Search the output").fill("line 150000")
    await page.get_by_role("button", name="Previous match").click()
    await expect(page.locator("[data-marked]")).to_contain_text("line 150000")
    await expect(page.get_by_role("button", name="Previous match")).to_be_enabled()
    assert f"/runs/{run_id}" in page.url
    async with open_page(browser, width=390) as phone:
        other = Viewer(phone, viewer.control_plane)
        await other.enter()
        await phone.goto(page.url)
        await expect(phone.locator("[data-marked]")).to_contain_text("line 150000")
        await other.see_line("line 150001")


async def test_a_big_log_is_gone_through(viewer: Viewer) -> None:
    """A line is gone to by its number, and from there it is scrolled up and down without a hole."""
    await viewer.enter()
    await viewer.start_script("seq -f 'line %.0f' 1 300000\n")
    await viewer.see_status("successful")
    await viewer.see_line("line 300000")
    page = viewer.page
    await expect(page.get_by_label("Link to line 300000", exact=True)).to_be_visible()
    await page.get_by_label("Search the output").fill(":150000")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-marked]")).to_contain_text("line 150000")
    await viewer.see_line("line 150001")
    for direction in ("up", "down"):
        edge = 150_000
        while abs(edge - 150_000) < 40_000:
            edge = await viewer.scroll_on(direction, edge)
    page = viewer.page
    await page.get_by_role("button", name="Follow the end").click()
    await viewer.see_line("line 300000")


async def test_the_tasks_of_two_hosts_are_a_matrix(
    viewer: Viewer, agent: AgentProcess, tmp_path: Path
) -> None:
    """A cell is a task on a host and leads to its result; hosts can be looked for."""
    await viewer.control_plane.post("/hosts/other/enroll", agent.enrollment)
    (tmp_path / "go").touch()
    variables = {"site_name": "shop", "folder": str(tmp_path), "check_program": "/bin/false"}
    body = {"kind": "playbook", "playbook": "site.yml", "extra_vars": variables, "diff": True}
    run = await viewer.control_plane.post("/runs", body)
    await viewer.enter()
    page = viewer.page
    await viewer.go(f"/runs/{run['id']}?view=tasks")
    await viewer.see_status("failed")
    await expect(page.get_by_text("With failures 2")).to_be_visible()
    for host in ("local", "other"):
        cell = page.get_by_role("button", name=f"{host}, Check that it answers: failed")
        await expect(cell).to_be_visible()
    failed = page.get_by_title("Check that it answers: failed 2")
    await expect(failed).to_have_text("2")
    await page.get_by_label("Find a host").fill("oth")
    await expect(page.get_by_title("Check that it answers: failed 1")).to_have_text("1")
    await expect(page.get_by_role("button", name="local, ")).to_have_count(0)
    await page.get_by_role("button", name="other, Check that it answers: failed").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text("non-zero return code")).to_be_visible()
