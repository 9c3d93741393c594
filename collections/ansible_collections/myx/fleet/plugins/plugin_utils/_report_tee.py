# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a report learn what the terminal shows? Through the one function that prints it.

The output that was chosen, warnings and verbose lines all go through ``Display.display``, in the
process of ``ansible-playbook`` itself: its workers send their lines there.
"""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.myx.fleet.plugins.plugin_utils._report_events import clean

PIECE_CHARS = 32 * 1024
"""The longest text that is handed over at once."""

MAX_KEPT_CHARS = 64 * 1024
"""The longest output that is kept for the next event."""

_INTERRUPTED = "User interrupted execution"
"""What Ansible says after Ctrl-C, when no callback is called any more."""

Note = t.Callable[[str, str], None]


class DisplayTee:
    """Hands over what is printed, and keeps what was printed since the last event."""

    def __init__(self, display: t.Any) -> None:
        self._display = display
        self._original = display.display
        self._pid = os.getpid()
        self._note: Note | None = None
        self._kept: list[str] = []
        self._kept_chars = 0
        self.saw_interrupt = False
        """Whether somebody has ended the playbook."""

    def open(self, note: Note) -> None:
        """Hand over what is printed from now on, with the type of output it goes to."""
        self._note = note

        @functools.wraps(self._original)
        def display(
            msg: str,
            color: str | None = None,
            stderr: bool = False,
            screen_only: bool = False,
            log_only: bool = False,
            newline: bool = True,
            **more: t.Any,
        ) -> None:
            self._original(
                msg,
                color=color,
                stderr=stderr,
                screen_only=screen_only,
                log_only=log_only,
                newline=newline,
                **more,
            )
            if not log_only and os.getpid() == self._pid:
                self._take_in(msg, stderr=stderr, newline=newline)

        self._display.display = display

    def close(self) -> None:
        """Hand over nothing more."""
        self._note = None
        self._display.display = self._original

    def take(self) -> str:
        """Return what was printed since the last call."""
        text, self._kept, self._kept_chars = "".join(self._kept), [], 0
        return text

    def _take_in(self, msg: str, *, stderr: bool, newline: bool) -> None:
        if self._note is None:
            return
        text = clean(msg.replace("\r\n", "\n"))
        if newline and not text.endswith("\n"):
            text += "\n"
        if _INTERRUPTED in text:
            self.saw_interrupt = True
        if self._kept_chars < MAX_KEPT_CHARS:
            self._kept.append(text)
            self._kept_chars += len(text)
        for start in range(0, len(text), PIECE_CHARS):
            self._note("stderr" if stderr else "stdout", text[start : start + PIECE_CHARS])
