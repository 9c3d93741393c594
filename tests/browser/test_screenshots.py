# SPDX-License-Identifier: GPL-3.0-or-later
"""How does each page look? Pictures for people, where ``MYX_SCREENSHOTS`` names a folder."""

import os
from itertools import product
from pathlib import Path

import pytest
from furnished import CHINESE, DIALOGS, PAGES, furnish
from playwright.async_api import Browser, Page, expect
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess
from viewer import Scheme, Viewer, open_page

FOLDER = Path(os.environ.get("MYX_SCREENSHOTS", ""))

pytestmark = pytest.mark.skipif(Path() == FOLDER, reason="make screenshots takes them")

SHOP = """# Bring the shop to a version
- name: Shop
  hosts: all
  gather_facts: false
  vars:
    folder: "{{ root }}/{{ inventory_hostname }}"
  tasks:
    - name: Make the folders
      ansible.builtin.file:
        path: "{{ folder }}/{{ item }}"
        state: directory
        mode: "0755"
      loop: [releases, shared]
    - name: Write the configuration
      ansible.builtin.copy:
        content: "port = 8080\\nversion = {{ version }}\\nworkers = 4\\n"
        dest: "{{ folder }}/shop.conf"
        mode: "0644"
    - name: Keep the timer of reports on one host
      ansible.builtin.copy:
        content: "OnCalendar=hourly\\n"
        dest: "{{ folder }}/reports.timer"
        mode: "0644"
      when: inventory_hostname is match("web1")
    - name: Check the old release
      ansible.builtin.stat:
        path: "{{ folder }}/releases/1.8"
      register: old
    - name: Clear what the old release left behind
      ansible.builtin.command: rm {{ folder }}/shared/cache
      when: old.stat.exists or inventory_hostname is match("db1")
      ignore_errors: true
      changed_when: true
    - name: Check that the version is allowed here
      ansible.builtin.assert:
        that: version is version(newest, "<=")
        fail_msg: "{{ inventory_hostname }} may have {{ newest }} at most, not {{ version }}"
      vars:
        newest: "{{ '1.8' if inventory_hostname is match('db1') else '2.0' }}"
    - name: Switch to the new release
      ansible.builtin.file:
        src: "{{ folder }}/releases"
        dest: "{{ folder }}/current"
        state: link
"""
ARGUMENTS = """argument_specs:
  main:
    short_description: Bring the shop to a version
    options:
      version: {type: str, required: true, description: The release that is switched to.}
      root: {type: path, required: true, description: Where the shop is.}
      channel: {type: str, choices: [stable, beta], default: stable, description: Of releases.}
      workers: {type: int, default: 4, description: Processes that answer.}
      is_public: {type: bool, default: true, description: Everybody may look at it.}
      database_password: {type: str, no_log: true, description: Left out where it has none.}
"""
HOSTS = ("web1", "web2", "web3", "db1")


async def run_shop(control_plane: ControlPlaneProcess, agent: AgentProcess, root: Path) -> int:
    """Run a playbook twice over some hosts, where one has too old a version; return the last."""
    for name in HOSTS:
        await control_plane.post(f"/hosts/{name}/enroll", agent.enrollment)
    number = 0
    for version in ("1.8", "1.9"):
        variables = {"version": version, "root": str(root)}
        body = {"kind": "playbook", "playbook": "shop.yml", "limit": ",".join(HOSTS)}
        run = await control_plane.post("/runs", body | {"extra_vars": variables, "diff": True})
        number = run["id"]
        async for name, _data in control_plane.follow(number):
            if name == "end":
                break
    return number


async def take(page: Page, file: Path) -> None:
    """Picture the whole page."""
    await page.mouse.move(0, 0)
    await page.screenshot(path=file, full_page=True)


@pytest.fixture(autouse=True)
def _hosts_tell_their_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hosts be asked, as they are outside of tests."""
    monkeypatch.setenv("MYX_HEARTBEATS", "true")


def name_file(path: str) -> str:
    """Name the picture of a page."""
    return path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") + ".png"


async def picture_run(viewer: Viewer, run_id: int, folder: Path) -> None:
    """Picture what a playbook did on some hosts: output, tasks, and what one task said."""
    await viewer.go(f"/runs/{run_id}?host=web1")
    await viewer.settle()
    await expect(viewer.page.get_by_text("PLAY RECAP").first).to_be_visible()
    await take(viewer.page, folder / "run-output.png")
    await viewer.go(f"/runs/{run_id}?view=tasks")
    cell = viewer.page.locator("button[data-state=failed]").first
    await expect(cell).to_be_visible()
    await take(viewer.page, folder / "run-tasks.png")
    await cell.click()
    await expect(viewer.page.get_by_text("db1 may have 1.8 at most").first).to_be_visible()
    await viewer.page.screenshot(path=folder / "run-task.png")
    await viewer.page.keyboard.press("Escape")


async def picture_form(viewer: Viewer, folder: Path) -> None:
    """Picture the form of a playbook that says which variables it takes."""
    await viewer.go("/launch?limit=web*")
    await viewer.page.get_by_placeholder("Playbook").click()
    await viewer.page.get_by_role("option", name="shop").click()
    await viewer.page.get_by_role("textbox", name="version").fill("1.9")
    await viewer.page.get_by_role("textbox", name="root").fill("/srv/shop")
    await expect(viewer.page.get_by_text("web3", exact=True)).to_be_visible()
    await take(viewer.page, folder / "launch-playbook.png")


async def picture_all(viewer: Viewer, folder: Path, *, is_chinese: bool) -> None:
    """Picture every page and every form."""
    for path in PAGES:
        await viewer.go(path)
        await viewer.settle()
        await take(viewer.page, folder / name_file(path))
        assert await viewer.measure_overflow() <= 0, (folder, path)
    for path, button in DIALOGS.items():
        await viewer.open_form(path, CHINESE[button] if is_chinese else button)
        await viewer.page.screenshot(path=folder / f"form-{name_file(path)}")
        await viewer.page.keyboard.press("Escape")
        await expect(viewer.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("is_chinese", [False, True], ids=["english", "chinese"])
async def test_every_page_is_pictured(
    browser: Browser,
    control_plane: ControlPlaneProcess,
    agent: AgentProcess,
    tmp_path: Path,
    *,
    is_chinese: bool,
) -> None:
    """Light and dark, on a desk and on a phone, with something of everything in it."""
    (tmp_path / "content" / "shop.yml").write_text(SHOP)
    (tmp_path / "content" / "shop.meta.yml").write_text(ARGUMENTS)
    await furnish(control_plane)
    run_id = await run_shop(control_plane, agent, tmp_path / "shop")
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme, width in product(schemes, (1440, 390)):
        folder = FOLDER / f"{'zh' if is_chinese else 'en'}-{scheme}-{width}"
        async with open_page(browser, width, scheme) as page:
            viewer = Viewer(page, control_plane)
            await viewer.enter()
            if is_chinese:
                await viewer.read_chinese()
            await picture_all(viewer, folder, is_chinese=is_chinese)
            await picture_run(viewer, run_id, folder)
            await picture_form(viewer, folder)
            if not is_chinese:
                await viewer.open_webhook_form()
                await page.screenshot(path=folder / "form-webhook.png")
        async with open_page(browser, width, scheme) as page:
            viewer = Viewer(page, control_plane)
            await viewer.open()
            if is_chinese:
                await viewer.read_chinese()
            await take(page, folder / "sign-in.png")
