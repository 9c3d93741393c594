# SPDX-License-Identifier: GPL-3.0-or-later
"""Can MyX be installed on this host? Prints one JSON object with facts and problems.

Runs with the Python that the agent or the control plane will use, or where the bundle carries
one with whatever Ansible uses, 3.9 at least. A problem is a code and a sentence that names the
cause and the remedy. Nothing is changed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AGENT_SERVICE = "myx-agent.service"
ARCHITECTURES = ("x86_64", "aarch64")
NEEDED_GLIBC = (2, 28)
NEEDED_MODULES = ("asyncio", "ctypes", "json", "ssl", "zoneinfo")
LISTENING = "0A"  # the state's number in /proc/net/tcp
FIRST_PORT, LAST_PORT = 8000, 32767  # above it lie the ports of outgoing connections
COMMON_PORTS = frozenset(
    {8000, 8008, 8080, 8081, 8086, 8088, 8125, 8140, 8200, 8300, 8301, 8302, 8443, 8500, 8600}
    | {8888, 9000, 9042, 9090, 9091, 9092, 9093, 9100, 9200, 9300, 9418, 9443, 10000, 10050, 10051}
    | {10250, 11211, 15672, 25565, 25672, 27017, 27018, 27019, 28015}
)


def find_problems(options: argparse.Namespace, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (code, sentence) for each reason why the agent cannot be installed."""
    if facts["architecture"] not in ARCHITECTURES:
        yield (
            "architecture_unsupported",
            f"its processor is {facts['architecture']}; MyX runs on x86_64 and aarch64.",
        )
    if facts["glibc"] < list(NEEDED_GLIBC):
        yield (
            "libc_unsupported",
            "its C library is not glibc 2.28 or newer; use a distribution of 2019 or later.",
        )
    if facts["missing_modules"] and not options.own_python:
        yield (
            "python_incomplete",
            f"{sys.executable} lacks {', '.join(facts['missing_modules'])}; install all of Python.",
        )
    if not Path("/run/systemd/system").is_dir():
        yield ("no_systemd", "systemd is not its init, and the agent is a systemd service.")
    yield from find_port_problem(options.port, options.service)
    yield from find_disk_problems(options)


def find_port_problem(port: int, service: str) -> Iterator[tuple[str, str]]:
    """Yield a problem where another program listens on the port."""
    owner = find_port_owner(port, service) if port else None
    if owner and owner != service:
        yield (
            "port_taken",
            f"port {port} is taken by {owner}; stop that program, or choose another port.",
        )


def find_disk_problems(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield a problem for each file system without room."""
    for folder, needed_mb in ((options.install_dir, options.needed_mb), ("/var/lib", 64)):
        place = nearest_existing(Path(folder))
        free_mb = shutil.disk_usage(place).free // 2**20
        if free_mb < needed_mb:
            yield (
                "disk_full",
                f"{place} has {free_mb} MB free, and {needed_mb} MB are needed; make room there.",
            )


def nearest_existing(path: Path) -> Path:
    """Return the path itself or its first parent that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def find_port_owner(port: int, service: str) -> str | None:
    """Return who listens on the TCP port: our service, a program's name, or None."""
    inodes = listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and holds_socket(process, inodes):
            return describe_process(process, service)
    return "a program that cannot be seen from here"


def listening_inodes(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on the TCP port."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes


def holds_socket(process: Path, inodes: set[str]) -> bool:
    """Say whether the process has one of the sockets open."""
    try:
        return any(str(fd.readlink()) in inodes for fd in (process / "fd").iterdir())
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False


def describe_process(process: Path, service: str) -> str:
    """Return the name of the service or the program, for people."""
    try:
        if f"/{service}" in (process / "cgroup").read_text():
            return service
        return f"'{(process / 'comm').read_text().strip()}' (process {process.name})"
    except OSError:
        return f"process {process.name}"


def suggest_port() -> int:
    """Return a random port that nobody listens on and that no well-known service uses."""
    while True:
        port = random.SystemRandom().randint(FIRST_PORT, LAST_PORT)
        if port not in COMMON_PORTS and not listening_inodes(port):
            return port


def collect_facts() -> dict[str, Any]:
    """Return what the installer must know of the host."""
    return {
        "python": os.path.realpath(sys.executable),
        "python_version": "{}.{}".format(*sys.version_info[:2]),
        "architecture": platform.machine(),
        "glibc": glibc_version(),
        "missing_modules": [name for name in NEEDED_MODULES if not can_import(name)],
        "suggested_port": suggest_port(),
    }


def glibc_version() -> list[int]:
    """Return [major, minor] of the GNU C library, or [0] where the host has another one."""
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (AttributeError, OSError, ValueError):
        return [0]
    return [int(part) for part in version.split(".")[:2]] if name == "glibc" else [0]


def can_import(name: str) -> bool:
    """Say whether this Python has the module."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def main() -> None:
    """Print facts and problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: none is chosen yet")
    parser.add_argument("--own-python", action="store_true", help="the bundle carries one")
    parser.add_argument("--service", default=AGENT_SERVICE, help="who may have the port")
    parser.add_argument("--install-dir", default="/opt/myx-agent")
    parser.add_argument("--needed-mb", type=int, default=300)
    options = parser.parse_args()
    facts = collect_facts()
    problems = [
        {"code": code, "message": message} for code, message in find_problems(options, facts)
    ]
    json.dump({**facts, "problems": problems}, sys.stdout)


if __name__ == "__main__":
    main()
