# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the logs of one host and of several."""

import io

import pytest

from api.cli.terminal.output import MAX_LINE_BYTES, PrefixedSink, RawSink

KEEP = {"stdout": False, "stderr": False}
STRIP = {"stdout": True, "stderr": False}


@pytest.fixture
def files() -> dict[str, io.BytesIO]:
    """Return what stands for standard output and standard error."""
    return {"stdout": io.BytesIO(), "stderr": io.BytesIO()}


def test_one_host_is_written_byte_for_byte(files: dict[str, io.BytesIO]) -> None:
    """Binary output and unfinished lines arrive as they are, each on its own stream."""
    sink = RawSink(files, KEEP)
    sink.write("web1", "stdout", b"\xff\x00half")
    sink.write("web1", "stderr", b"to stderr")
    sink.write("web1", "stdout", b" line")
    sink.finish()
    assert files["stdout"].getvalue() == b"\xff\x00half line"
    assert files["stderr"].getvalue() == b"to stderr"


def test_colours_are_taken_out_per_stream(files: dict[str, io.BytesIO]) -> None:
    """A stream that is a file loses its colours, the other one keeps them."""
    sink = RawSink(files, STRIP)
    for name in files:
        sink.write("web1", name, b"\x1b[32mok\x1b[0m")
    sink.finish()
    assert files["stdout"].getvalue() == b"ok"
    assert files["stderr"].getvalue() == b"\x1b[32mok\x1b[0m"


def test_lines_of_several_hosts_are_whole_and_prefixed(files: dict[str, io.BytesIO]) -> None:
    """Pieces of lines that arrive in turns never mix."""
    sink = PrefixedSink(files, KEEP)
    sink.write("web1", "stdout", b"one")
    sink.write("db1", "stdout", b"two\nthr")
    sink.write("web1", "stderr", b"oops\n")
    sink.write("web1", "stdout", b" and a half\n\n")
    assert files["stdout"].getvalue() == b"db1 | two\nweb1 | one and a half\nweb1 | \n"
    assert files["stderr"].getvalue() == b"web1 | oops\n"


def test_an_unfinished_line_is_written_at_the_end(files: dict[str, io.BytesIO]) -> None:
    """What never got an end of line is a line."""
    sink = PrefixedSink(files, STRIP)
    sink.write("web1", "stdout", b"\x1b[31mno end\x1b[0")
    sink.finish()
    sink.finish()
    assert files["stdout"].getvalue() == b"web1 | no end\x1b[0\n"


def test_an_endless_line_does_not_fill_the_memory(files: dict[str, io.BytesIO]) -> None:
    """A line beyond the limit is written in several."""
    sink = PrefixedSink(files, KEEP)
    for _ in range(3):
        sink.write("web1", "stdout", b"x" * MAX_LINE_BYTES)
    assert files["stdout"].getvalue() == (b"web1 | " + b"x" * MAX_LINE_BYTES + b"\n") * 3
