# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the processes of a service listen on all the ports that they should?

Another process at one of the ports does not count. Exits 0, or 1 with a sentence.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
LISTENS = "0A"
"""How the kernel's tables of TCP show a socket that takes connections."""


def main(argv: list[str]) -> int:
    """Look once."""
    parser = argparse.ArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--unit")
    group.add_argument("--pid")
    parser.add_argument("ports")
    options = parser.parse_args(argv)
    processes = [PROC / options.pid] if options.pid else list(list_processes(options.unit))
    if not processes:
        sys.stderr.write(f"{options.unit} has no process: it did not start.\n")
        return 1
    missing = {int(port) for port in options.ports.split(",") if port} - find_ports(processes)
    if missing:
        ports = ", ".join(str(port) for port in sorted(missing))
        sys.stderr.write(f"It runs but does not listen on TCP {ports}.\n")
        return 1
    return 0


def list_processes(unit: str) -> Iterator[Path]:
    """Yield the processes that systemd runs for a unit."""
    for process in PROC.glob("[0-9]*"):
        if any(unit in line.split("/") for line in read_lines(process / "cgroup")):
            yield process


def find_ports(processes: list[Path]) -> set[int]:
    """Return the TCP ports that these processes listen on."""
    sockets: set[str] = set()
    listening: dict[str, int] = {}
    for process in processes:
        sockets.update(list_sockets(process))
        for family in ("tcp", "tcp6"):
            for line in read_lines(process / "net" / family)[1:]:
                fields = line.split()
                if fields[3] == LISTENS:
                    listening[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    return {port for inode, port in listening.items() if inode in sockets}


def list_sockets(process: Path) -> set[str]:
    """Return the inodes of a process's sockets; none of one that ended meanwhile."""
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            target = re.match(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            if target:
                found.add(target.group(1))
    except OSError:  # it ended, or closed what was looked at
        pass
    return found


def read_lines(path: Path) -> list[str]:
    """Return a file's lines; none of a process that ended meanwhile."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
