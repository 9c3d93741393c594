# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test type ``myx ...``, and what did it see?"""

import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driver.control_plane import MYX, ControlPlane
from lab.waiting import wait_for

COMMAND_TIMEOUT_S = 240
"""The bound of one command: an install on a busy machine, several times over."""


@dataclass(frozen=True)
class Outcome:
    """What one command printed and how it ended."""

    arguments: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    duration_s: float

    def __str__(self) -> str:
        return (
            f"$ myx {' '.join(self.arguments)}   (exit {self.exit_code}, {self.duration_s:.1f} s)\n"
            f"--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"
        )

    @property
    def output(self) -> str:
        """Everything that the user saw, whichever way."""
        return f"{self.stdout}\n{self.stderr}"

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)


class RunningCommand:
    """A command that has not ended; what it prints can be read meanwhile."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._arguments = arguments
        self._started = time.monotonic()
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the command
        self._err = tempfile.TemporaryFile()  # noqa: SIM115 - as above
        self._process = subprocess.Popen(
            [MYX, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            env=environment,
            start_new_session=True,
        )

    def wait_for_output(self, text: str, timeout_s: float = 120) -> None:
        """Return when the text was printed, on either stream."""

        def look() -> bool:
            seen = self._read(self._out) + self._read(self._err)
            assert text in seen or self._process.poll() is None, f"ended without {text!r}: {seen}"
            return text in seen

        wait_for(f"{text!r} from myx {' '.join(self._arguments)}", look, timeout_s)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def wait(self, timeout_s: float = COMMAND_TIMEOUT_S) -> Outcome:
        """Return the outcome when the command has ended."""
        try:
            exit_code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.wait()
            seen = self._read(self._out) + self._read(self._err)
            words = f"myx {' '.join(self._arguments)} did not end within {timeout_s:g} s"
            raise AssertionError(f"{words}; it printed:\n{seen}") from error
        duration_s = time.monotonic() - self._started
        with self._out, self._err:
            out, err = self._read(self._out), self._read(self._err)
        return Outcome(self._arguments, exit_code, out, err, duration_s)

    def _read(self, file: Any) -> str:
        # The position is shared with the command that writes: it must not be moved.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")


class CommandLine:
    """The ``myx`` command of a user on the control plane's machine."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane

    def start(self, *arguments: str, **variables: str) -> RunningCommand:
        """Start a command; ``variables`` join its environment."""
        return RunningCommand(arguments, self._control_plane.environment | variables)

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> Outcome:
        """Run a command to its end."""
        started = time.monotonic()
        result = subprocess.run(
            [MYX, *arguments],
            input=stdin.encode(),
            capture_output=True,
            env=self._control_plane.environment | variables,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        duration_s = time.monotonic() - started
        out, err = (raw.decode(errors="replace") for raw in (result.stdout, result.stderr))
        return Outcome(arguments, result.returncode, out, err, duration_s)

    def succeed(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run a command that must exit with 0."""
        outcome = self.run(*arguments, stdin=stdin)
        assert outcome.exit_code == 0, outcome
        return outcome

    def detach(self, verb: str, *arguments: str) -> int:
        """Start a run without waiting for its end and return its id."""
        return int(self.succeed(verb, "--detach", *arguments).stdout)

    def find_latest_run(self) -> int:
        """Return the id of the newest run."""
        newest: int = self._control_plane.ask("/runs?page_size=1")["results"][0]["id"]
        return newest

    def add_host(self, name: str, address: str, key_path: Path, *more: str) -> Outcome:
        """Make a host known with an SSH key."""
        key = str(key_path)
        return self.succeed("host", "add", name, "--address", address, "--ssh-key", key, *more)
