# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.myx.fleet.plugins.plugin_utils._log_lines import MAX_LINE_BYTES, LogLines


def show(*pieces: tuple[str, bytes]) -> list[str]:
    """Return what is shown of the pieces."""
    shown: list[str] = []
    lines = LogLines(shown.append)
    for host, raw in pieces:
        lines.add(host, raw)
    lines.finish()
    return shown


def test_lines_of_several_hosts_stay_whole() -> None:
    """A piece may end anywhere, in a character too; the last line may have no end."""
    pieces = [("a", b"on"), ("b", b"1\r\n2\n"), ("a", b"e \xc3"), ("a", b"\xa9\nrest")]
    assert show(*pieces) == ["b | 1", "b | 2", "a | one \u00e9", "a | rest"]


def test_empty_lines_are_lines() -> None:
    """They part the tasks of a playbook."""
    assert show(("a", b"x\n\ny\n")) == ["a | x", "a |", "a | y"]


def test_a_host_does_not_control_the_terminal() -> None:
    """Colours, titles, and moves of the cursor are left out; bytes that are no text are marked."""
    raw = b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jx\x08\x9b1mtab\there \xff\n"
    assert show(("a", raw)) == ["a | red x \ufffd1mtab\there \ufffd"]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """It is shown in parts."""
    shown = show(("a", b"x" * (2 * MAX_LINE_BYTES + 1)))
    assert [len(line) - len("a | ") for line in shown] == [MAX_LINE_BYTES, MAX_LINE_BYTES, 1]
