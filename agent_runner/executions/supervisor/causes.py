# SPDX-License-Identifier: GPL-3.0-or-later
"""Why did a program end as it did, in one sentence?

For a playbook the cause is taken from its events and from Ansible's error messages, as they
stand masked in the spool.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
from typing import TYPE_CHECKING, Any

from agent_runner.executions.supervisor.masking import mask_text

if TYPE_CHECKING:
    from agent_runner.executions.supervisor.launch import Launch

MAX_REASON_CHARS = 500
"""A reason is a sentence; the log has the rest."""

_TAIL_BYTES = 16 * 1024
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_ERROR_LINE = re.compile(r"^(?:\[ERROR\]: |ERROR! |ansible-playbook: error: )(.+)$", re.MULTILINE)
_ORIGIN_LINE = re.compile(r"^Origin: (.+)$", re.MULTILINE)
_FAILURES = (b'{"event":"runner_on_failed"', b'{"event":"runner_on_unreachable"')
_PLAY_START = b'{"event":"playbook_on_play_start"'


class PlaybookObserver:
    """Remembers what explains the end of a playbook."""

    def __init__(self) -> None:
        self.play_started = False
        self._last_failure: dict[str, Any] | None = None
        self._errors = b""

    def observe_event(self, line: bytes) -> None:
        """Look at one event as it is stored."""
        if line.startswith(_PLAY_START):
            self.play_started = True
        elif line.startswith(_FAILURES):
            with contextlib.suppress(ValueError, KeyError, TypeError):  # it explains, that is all
                data = json.loads(line)["event_data"]
                if not data.get("ignore_errors"):
                    self._last_failure = data

    def observe_stderr(self, data: bytes) -> None:
        """Look at error output as it is stored."""
        self._errors = (self._errors + data)[-_TAIL_BYTES:]

    def describe(self) -> str | None:
        """Return the cause, where one was seen."""
        return self._describe_failure() or self._describe_error()

    def _describe_failure(self) -> str | None:
        if self._last_failure is None:
            return None
        task = self._last_failure.get("task") or "a task"
        result = self._last_failure.get("res")
        message = result.get("msg") if isinstance(result, dict) else None
        return f"task '{task}' failed" + (f": {message}" if isinstance(message, str) else "")

    def _describe_error(self) -> str | None:
        text = _COLOR.sub("", self._errors.decode(errors="replace"))
        error = _ERROR_LINE.search(text)
        if error is None:
            return None
        origin = _ORIGIN_LINE.search(text, error.end())
        return error[1].strip() + (f" ({origin[1].strip()})" if origin else "")


def describe_exit(return_code: int) -> str:
    """Return how a program ended, from its return code as ``subprocess`` has it."""
    if return_code >= 0:
        return f"exit code {return_code}"
    try:
        return f"ended by signal {signal.Signals(-return_code).name}"
    except ValueError:
        return f"ended by signal {-return_code}"


def describe_start_error(launch: Launch, error: OSError) -> str:
    """Return why the program could not be started, and what to do about it, without secrets."""
    return mask_text(_describe_start_error(launch, error), launch.secrets)


def _describe_start_error(launch: Launch, error: OSError) -> str:
    program = launch.argv[0]
    if error.filename == launch.cwd:
        return f"cannot enter {launch.cwd}: {error.strerror}"
    if launch.kind == "script":
        return (
            f"cannot start the script: {error.strerror}; check that its first line names an"
            " interpreter of this host, without a carriage return at its end, and that"
            " the agent's state_dir is not on a noexec file system"
        )
    if error.errno == errno.ENOENT:
        return (
            f"cannot start '{program}': no such program on this host (PATH: {launch.env['PATH']})"
        )
    if error.errno == errno.E2BIG:
        return f"cannot start '{program}': the arguments are too long; put them into a script"
    return f"cannot start '{program}': {error.strerror or os.strerror(error.errno or 0)}"


def shorten(reason: str) -> str:
    """Return the reason as one line of limited length."""
    line = " ".join(reason.split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 1] + "…"
