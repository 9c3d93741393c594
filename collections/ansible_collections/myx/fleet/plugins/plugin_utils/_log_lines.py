# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the pieces of many hosts' logs become lines that can be shown?"""

from __future__ import annotations

import re
import typing as t

MAX_LINE_BYTES = 64 * 1024
"""A longer line is shown in parts, so that a host cannot fill the memory."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class LogLines:
    """Shows whole lines, each behind its host's name."""

    def __init__(self, show: t.Callable[[str], None]) -> None:
        self._show = show
        self._unfinished: dict[str, bytes] = {}

    def add(self, host: str, piece: bytes) -> None:
        """Take a piece of a host's log, and show the lines that it completes."""
        *lines, rest = (self._unfinished.pop(host, b"") + piece).split(b"\n")
        while len(rest) > MAX_LINE_BYTES:
            lines.append(rest[:MAX_LINE_BYTES])
            rest = rest[MAX_LINE_BYTES:]
        for line in lines:
            self._show_line(host, line)
        if rest:
            self._unfinished[host] = rest

    def finish(self) -> None:
        """Show what never got an end of line."""
        for host, line in self._unfinished.items():
            self._show_line(host, line)
        self._unfinished.clear()

    def _show_line(self, host: str, line: bytes) -> None:
        # What a host prints must not move the cursor of who reads it.
        text = _ESCAPE.sub("", line.decode("utf-8", "replace").rstrip("\r"))
        self._show(f"{host} | {_CONTROL.sub(' ', text)}".rstrip())
