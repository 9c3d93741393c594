# SPDX-License-Identifier: GPL-3.0-or-later
"""How do the logs of hosts reach the terminal?

Standard output and standard error carry what the hosts wrote there, and what ``myx`` itself has
to say goes to standard error: ``myx exec -l web1 -- cat FILE > FILE`` holds the file, no more.
"""

import sys
from typing import BinaryIO, Protocol

from api.cli.terminal.colors import ColorCarrier, ColorStripper, wants_color

MAX_LINE_BYTES = 64 * 1024
"""A line that grows beyond this is written in several: memory stays small."""

COLORED_KINDS = frozenset({"playbook"})
"""Kinds whose colours we asked for. A command's bytes are its own and are never changed."""


class LogSink(Protocol):
    """Where the bytes of logs go."""

    def write(self, host: str, log_type: str, data: bytes) -> None:
        """Take the next bytes of a host's log."""

    def finish(self) -> None:
        """Write what was held back: nothing more comes."""


def say(message: str) -> None:
    """Tell the user something that is no output of a host."""
    sys.stdout.flush()
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def make_sink(kind: str, hosts_total: int, *, color: bool | None) -> LogSink:
    """Choose how logs are written: one host as it is, several with a prefix."""
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    strip = {
        name: kind in COLORED_KINDS and not wants_color(stream, asked=color)
        for name, stream in streams.items()
    }
    files = {name: stream.buffer for name, stream in streams.items()}
    return PrefixedSink(files, strip) if hosts_total > 1 else RawSink(files, strip)


class RawSink:
    """Writes the bytes of one host as they come."""

    def __init__(self, files: dict[str, BinaryIO], strip: dict[str, bool]) -> None:
        self._files = files
        self._strippers = {name: ColorStripper() for name, wanted in strip.items() if wanted}

    def write(self, host: str, log_type: str, data: bytes) -> None:
        """Write the next bytes."""
        del host
        stripper = self._strippers.get(log_type)
        self._put(log_type, stripper.feed(data) if stripper else data)

    def finish(self) -> None:
        """Write what was held back."""
        for log_type, stripper in self._strippers.items():
            self._put(log_type, stripper.flush())

    def _put(self, log_type: str, data: bytes) -> None:
        if data:
            self._files[log_type].write(data)
            self._files[log_type].flush()


class PrefixedSink:
    """Writes whole lines of several hosts, each behind ``host | ``."""

    def __init__(self, files: dict[str, BinaryIO], strip: dict[str, bool]) -> None:
        self._files = files
        self._strip = strip
        self._lines: dict[tuple[str, str], _Lines] = {}

    def write(self, host: str, log_type: str, data: bytes) -> None:
        """Write the lines that the next bytes complete."""
        lines = self._lines.get((host, log_type))
        if lines is None:
            lines = self._lines[host, log_type] = _Lines(host, strip=self._strip[log_type])
        self._put(log_type, lines.feed(data))

    def finish(self) -> None:
        """Write the lines that never got an end."""
        for (_host, log_type), lines in self._lines.items():
            self._put(log_type, lines.flush())

    def _put(self, log_type: str, data: bytes) -> None:
        if data:
            self._files[log_type].write(data)
            self._files[log_type].flush()


class _Lines:
    """The lines of one host and type."""

    def __init__(self, host: str, *, strip: bool) -> None:
        self._prefix = f"{host} | ".encode()
        self._stripper = ColorStripper() if strip else None
        self._carrier = ColorCarrier()
        self._rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Return the finished lines with their prefix."""
        self._rest += self._stripper.feed(data) if self._stripper else data
        end = self._rest.rfind(b"\n") + 1
        if not end and len(self._rest) >= MAX_LINE_BYTES:
            return self.flush()
        ready = bytes(self._rest[:end])
        del self._rest[:end]
        return b"".join(self._finish(line) for line in ready.split(b"\n")[:-1])

    def flush(self) -> bytes:
        """Return the unfinished line as one."""
        held = self._stripper.flush() if self._stripper else b""
        rest = bytes(self._rest) + held
        self._rest.clear()
        return self._finish(rest) if rest else b""

    def _finish(self, line: bytes) -> bytes:
        return self._prefix + self._carrier.wrap(line) + b"\n"
