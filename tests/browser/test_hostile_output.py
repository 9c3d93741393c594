# SPDX-License-Identifier: GPL-3.0-or-later
"""What can a host do to who reads its output? Nothing: it is data."""

from playwright.async_api import expect
from viewer import Viewer

HOSTILE = r"""
printf '<script>window.taken = 1</script><img src=x onerror="window.taken = 2">\n'
printf '\033]0;<b>title</b>\007after a title\n'
printf '\033]8;;javascript:window.taken=3\033\\a link\033]8;;\033\\\n'
printf '\033]52;c;ZXZpbA==\033\\after the clipboard\n'
printf '\033[2J\033[H\033[?1049hafter a cleared screen\n'
printf '\033[38;5;1;38;2;1;2;3;999;"onclick=x mstill a line\n'
printf 'turned \342\200\256round\n'
printf '\377\376 no text \000\001\n'
printf '\033]never ended <b>\n'
head -c 10000000 /dev/zero | tr '\0' 'A'
echo
echo the last line
"""


async def test_hostile_output_stays_text(viewer: Viewer) -> None:
    """Markup, scripts, OSC and CSI sequences, broken bytes, 10 MB lines: shown, never obeyed."""
    await viewer.enter()
    await viewer.start_script(HOSTILE)
    await viewer.see_status("successful")
    await viewer.see_line("the last line")
    page = viewer.page
    place = f"{page.url.split('?')[0]}?host=local&at=0"
    # From elsewhere: the page that is there writes its own place into the address.
    await page.goto("about:blank")
    await page.goto(place)
    await viewer.see_line('<script>window.taken = 1</script><img src=x onerror="window.taken = 2">')
    lines = await viewer.read_lines()
    assert lines[1:5] == [
        "after a title",
        "a link",
        "after the clipboard",
        "after a cleared screen",
    ]
    assert "turned \ufffdround" in lines
    assert await page.evaluate("window.taken") is None
    log = page.get_by_label("Output of the host")
    assert await log.locator("script, img, a, b").count() == 0
    assert await page.title() != "<b>title</b>"
    await expect(page.get_by_role("button", name="Follow the end")).to_be_enabled()
