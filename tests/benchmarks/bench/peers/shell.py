# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a host reached by plain OpenSSH?"""

from collections.abc import Sequence
from pathlib import Path

from bench.harness.accounts import Account
from bench.peers.programs import run_program
from lab.hosts import Host

OPTIONS = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
)
"""Hosts of a test have keys that nobody has seen before."""


def make_command(key: Path, host: Host, *words: str) -> list[str]:
    """Return the command line that runs something on a host by a new connection."""
    return ["ssh", "-F", "none", *OPTIONS, "-i", str(key), f"root@{host.address}", *words]


def run_ssh(account: Account, key: Path, host: Host, *words: str) -> str:
    """Run something on a host and return what it printed."""
    return run_program(account, make_command(key, host, *words))


def run_scp(account: Account, key: Path, source: Path, host: Host, target: str) -> None:
    """Copy a file or a folder to a host."""
    more: Sequence[str] = ("-r",) if source.is_dir() else ()
    argv = ["scp", "-F", "none", "-q", *OPTIONS, "-i", str(key), *more, str(source)]
    run_program(account, [*argv, f"root@{host.address}:{target}"])
