# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours in streams of bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.terminal.colors import ColorCarrier, ColorStripper, paint_status, wants_color


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "asked", "environ", "expected"),
    [
        (True, None, {}, True),
        (True, None, {"NO_COLOR": "1"}, False),
        (True, True, {"NO_COLOR": "1"}, True),
        (True, False, {}, False),
        (False, None, {}, False),
        (False, True, {}, True),
    ],
)
def test_who_decides_on_colours(
    *, terminal: bool, asked: bool | None, environ: dict[str, str], expected: bool
) -> None:
    """What is asked for wins, then NO_COLOR, then whether it is a terminal."""
    stream = _Terminal() if terminal else io.StringIO()
    assert wants_color(stream, asked=asked, environ=environ) is expected


@given(st.lists(st.integers(min_value=1, max_value=12), max_size=30))
def test_colours_are_taken_out_however_they_are_cut(lengths: list[int]) -> None:
    """A colour that is split between two pieces is taken out as well, and nothing else is."""
    raw = b"\x1b[0;32mok: [web1]\x1b[0m\n\x1b[2K kept \x1b[1;31;48;5;16mred\x1b[m \x1b"
    stripper, place, seen = ColorStripper(), 0, b""
    for length in [*lengths, len(raw)]:
        seen += stripper.feed(raw[place : place + length])
        place += length
    assert seen + stripper.flush() == b"ok: [web1]\n\x1b[2K kept red \x1b"


def test_a_colour_never_runs_over_the_end_of_a_line() -> None:
    """It is closed at the line's end and opened again on the next, so prefixes stay plain."""
    carrier = ColorCarrier()
    assert carrier.wrap(b"\x1b[31mfatal: {") == b"\x1b[31mfatal: {\x1b[0m"
    assert carrier.wrap(b"  msg}\x1b[0m") == b"\x1b[31m  msg}\x1b[0m"
    assert carrier.wrap(b"plain") == b"plain"


def test_a_status_is_painted_on_terminals_only() -> None:
    """A file gets the word alone."""
    assert paint_status("failed", stream=_Terminal()) == "\x1b[31mfailed\x1b[0m"
    assert paint_status("failed", stream=io.StringIO()) == "failed"
    assert paint_status("not_installed", stream=_Terminal()) == "not_installed"
