# SPDX-License-Identifier: GPL-3.0-or-later
"""What can somebody who sits at a browser do? Come in, go to a page, read the log of a host."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, expect
from real_control_plane import ControlPlaneProcess

AXE = Path(__file__).parents[2] / "api/web/node_modules/axe-core/axe.min.js"

PATIENCE_MS = 180_000
"""What has not happened by then never will: a machine may be slow and busy."""

expect.set_options(timeout=PATIENCE_MS)

Scheme = Literal["light", "dark"]


@contextlib.asynccontextmanager
async def open_page(
    browser: Browser,
    width: int = 1440,
    scheme: Scheme = "light",
) -> AsyncIterator[Page]:
    """Open a page of a browser that knows nobody yet, on a desk or on a phone; nothing moves."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    yield await context.new_page()
    await context.close()


class Viewer:
    """A page of a browser that shows a control plane."""

    def __init__(
        self, page: Page, control_plane: ControlPlaneProcess, url: str | None = None
    ) -> None:
        """Take the page, and where it is reached if not at the control plane itself."""
        self.page = page
        self.control_plane = control_plane
        self.url = url or control_plane.url
        self.objections: list[str] = []
        page.on("pageerror", lambda error: self.objections.append(str(error)))
        page.on("dialog", lambda dialog: self.objections.append(f"dialog: {dialog.message}"))
        page.on("console", lambda message: self._listen(message.text))

    def _listen(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.objections.append(text)

    async def open(self) -> None:
        """Open the page without being signed in."""
        await self.page.goto(f"{self.url}/")

    async def enter(self) -> None:
        """Sign in with the admin's token."""
        await self.open()
        await self.page.get_by_text("API token", exact=True).click()
        await self.page.locator("input[type=password]").fill(self.control_plane.token)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    async def go(self, path: str) -> None:
        """Go to a page of the interface."""
        await self.page.goto(f"{self.url}/#{path}")

    async def sign_in(self, name: str, password: str) -> None:
        """Sign in with a password, from the first page on."""
        await self.open()
        await self.page.locator("input[autocomplete=username]").fill(name)
        await self.page.locator("input[type=password]").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def open_webhook_form(self) -> None:
        """Open the form of a new webhook, with a condition and a variable in it."""
        await self.go("/launch?limit=local")
        await self.page.get_by_text("command", exact=True).click()
        await self.page.get_by_role("textbox", name="Command").fill("uptime")
        await self.page.get_by_role("button", name="Webhook").click()
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Add a condition").click()
        await dialog.get_by_role("button", name="Add a variable").click()

    async def read_chinese(self) -> None:
        """Switch to Chinese."""
        await self.page.get_by_role("button", name="中文").first.click()
        await expect(self.page.locator("html")).to_have_attribute("lang", "zh-CN")

    async def settle(self) -> None:
        """Return when the page has its heading and everything that it asked for."""
        await expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    async def measure_overflow(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        overflow: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return overflow

    async def open_form(self, path: str, button: str) -> None:
        """Open the form of a page."""
        await self.go(path)
        await self.page.get_by_role("button", name=button, exact=True).click()
        await expect(self.page.get_by_role("dialog")).to_be_visible()

    async def close_form(self) -> None:
        """Close the form that is open."""
        await self.page.get_by_role("dialog").get_by_role("button", name="Back").click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def start_script(self, content: str) -> int:
        """Start a script on the host and go to its run."""
        body = {"kind": "script", "script": {"name": "test", "content": content}, "limit": "all"}
        run_id: int = (await self.control_plane.post("/runs", body))["id"]
        await self.go(f"/runs/{run_id}")
        return run_id

    async def see_line(self, text: str) -> None:
        """Return when the log shows a line that is just this text."""
        await expect(self._lines().get_by_text(text, exact=True).first).to_be_visible()

    async def read_lines(self) -> list[str]:
        """Return the lines of the log that are in sight."""
        return [text.rstrip() for text in await self._lines().locator("> span").all_inner_texts()]

    async def scroll_on(self, direction: str, number: int) -> int:
        """Scroll to the edge of what is loaded, until more of it comes; each line has its number.

        Returns:
            The number of the last line that is in sight, in this direction.
        """
        read = """([isUp, number]) => {
            const log = document.querySelector('[data-at]').closest('section');
            log.scrollTop = isUp ? 0 : log.scrollHeight;
            const rows = [...log.querySelectorAll('[data-at]')];
            const words = rows.map(row => row.innerText.split(/\\s+/));
            if (words.some(each => each[0] !== each[2])) return null;
            const numbers = words.map(each => Number(each[0]));
            const edge = isUp ? Math.min(...numbers) : Math.max(...numbers);
            return (isUp ? edge < number : edge > number) ? edge : null;
        }"""
        found = await self.page.wait_for_function(read, arg=[direction == "up", number])
        edge: int = await found.json_value()
        return edge

    def _lines(self) -> Any:
        return self.page.locator("[data-at]")

    async def see_status(self, status: str) -> None:
        """Return when the run is in a state."""
        await expect(self.page.locator(f"[data-status={status}]").first).to_be_visible()

    async def list_violations(self) -> list[str]:
        """Return what axe finds on the page as it stands: WCAG 2.1, levels A and AA."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate(
            """async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}))
                .violations.flatMap(each => each.nodes.map(
                    node => `${each.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))"""
        )
        return list(found)
