# SPDX-License-Identifier: GPL-3.0-or-later
"""When is output coloured, and how are colours taken out of a stream of bytes?"""

import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

_SGR = re.compile(rb"\x1b\[[0-9;:]*m")
_UNFINISHED_SGR = re.compile(rb"\x1b(?:\[[0-9;:]{0,32})?\Z")

RESET = b"\x1b[0m"

_STATUS_COLORS = {
    "successful": "32",
    "online": "32",
    "failed": "31",
    "lost": "31",
    "timed_out": "31",
    "offline": "31",
    "canceled": "33",
    "running": "36",
    "pending": "36",
}


def wants_color(
    stream: TextIO, *, asked: bool | None = None, environ: Mapping[str, str] = os.environ
) -> bool:
    """Say whether a stream is coloured: as asked, else on terminals without ``NO_COLOR``."""
    if asked is not None:
        return asked
    return stream.isatty() and not environ.get("NO_COLOR")


def paint_status(status: str, text: str | None = None, stream: TextIO | None = None) -> str:
    """Colour ``text`` (the status itself by default) where the stream shows colours."""
    text = status if text is None else text
    color = _STATUS_COLORS.get(status)
    if color is None or not wants_color(stream or sys.stdout):
        return text
    return f"\x1b[{color}m{text}\x1b[0m"


class ColorStripper:
    """Takes colours out of bytes that come in pieces; a cut sequence waits for its rest."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be written by now."""
        data = _SGR.sub(b"", self._held + data)
        unfinished = _UNFINISHED_SGR.search(data)
        cut = unfinished.start() if unfinished else len(data)
        self._held = data[cut:]
        return data[:cut]

    def flush(self) -> bytes:
        """Return what was held back: it was no colour."""
        held, self._held = self._held, b""
        return held


class ColorCarrier:
    """Closes the colour at the end of a line and opens it again on the next one.

    So that a prefix is never coloured by the line before it.
    """

    def __init__(self) -> None:
        self._open = b""

    def wrap(self, line: bytes) -> bytes:
        """Return the line, complete in itself."""
        opened = self._open
        for code in _SGR.findall(line):
            self._open = b"" if code in {RESET, b"\x1b[m"} else code
        return opened + line + (RESET if self._open else b"")
