# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a program started, known to be ready, watched, and stopped?"""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from api.cli.demo import bind_to_parent
from api.cli.errors import CliError

READY_TIMEOUT_S = 60.0
"""A start takes a second or two; a machine that is busy with other things takes longer."""

STOP_TIMEOUT_S = 15.0
"""Above the 5 s for which the control plane lets answers finish that are under way."""

TAIL_LINES = 15


class ChildDiedError(CliError):
    """A program of the demo has ended by itself."""


class Child:
    """A program that ends with this one, and whose log says when it is ready."""

    def __init__(self, name: str, log_path: Path, ready: str) -> None:
        """Prepare it; ``ready`` is a regular expression for the line that says so."""
        self.name = name
        self.log_path = log_path
        self._ready_pattern = re.compile(ready)
        self._ready_match: re.Match[str] | None = None
        self._heard = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Start it. The thread that calls this must be the one that lives longest."""
        wrapper = [sys.executable, "-I", bind_to_parent.__file__, str(os.getpid())]
        self._process = subprocess.Popen(
            [*wrapper, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a Ctrl-C on the terminal is ours alone to handle
        )
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name=f"log of {self.name}", daemon=True
        )
        self._reader.start()

    def wait_until_ready(self) -> re.Match[str]:
        """Return the match of the line with which it said that it is ready.

        Raises:
            ChildDiedError: it ended before that, or says nothing.
        """
        heard = self._heard.wait(READY_TIMEOUT_S)
        if self._ready_match is not None:
            return self._ready_match
        if heard:
            raise self.explain_death()
        raise ChildDiedError(f"{self.name} is not ready after {READY_TIMEOUT_S:g} s.{self._tail()}")

    def has_died(self) -> bool:
        """Say whether it has ended."""
        return self._process is not None and self._process.poll() is not None

    def explain_death(self) -> ChildDiedError:
        """Return the error that names it and shows the end of its log."""
        assert self._process is not None  # noqa: S101 - only asked of what was started
        self._join()
        code = self._process.wait()
        how = (
            f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit {code}"
        )
        return ChildDiedError(f"{self.name} {how}.{self._tail()}")

    def stop(self) -> None:
        """End it and wait until it has."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._join()

    def _join(self) -> None:
        # Bounded: a process that the child left behind may hold its standard output open.
        if self._reader is not None:
            self._reader.join(timeout=1)

    def _read(self, stream: IO[str]) -> None:
        with stream, self.log_path.open("a", buffering=1) as log:
            for line in stream:
                log.write(line)
                if self._ready_match is None:
                    self._ready_match = self._ready_pattern.search(line)
                    if self._ready_match:
                        self._heard.set()
        self._heard.set()

    def _tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "".join([f"\n--- {self.log_path}", *(f"\n{line}" for line in lines)])
