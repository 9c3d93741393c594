# SPDX-License-Identifier: GPL-3.0-or-later
"""How does pyinfra do it? Over SSH, with the equivalent deploy."""

import re
from collections.abc import Sequence
from pathlib import Path

from bench.harness.accounts import Account
from bench.harness.measuring import WrongResultError
from bench.peers.programs import find_program, run_program
from lab.hosts import Host

_TOTAL = re.compile(r"Grand total\s+\S+\s+\S+\s+(?P<errors>\S+)\s+\S+")
"""The last line: operations on hosts, how many succeeded, failed, and changed nothing."""

SITE = Path(__file__).with_name("deploy_site.py")


class Pyinfra:
    """pyinfra against real hosts."""

    def __init__(self, key: Path, account: Account) -> None:
        self._key = key
        self._account = account

    def deploy(self, hosts: Sequence[Host], **data: str) -> None:
        """Carry ``site`` out on hosts."""
        self._run(hosts, [str(SITE)], data)

    def execute(self, hosts: Sequence[Host], command: str) -> None:
        """Run a shell command on hosts."""
        self._run(hosts, ["exec", "--", command], {})

    def _run(self, hosts: Sequence[Host], words: Sequence[str], data: dict[str, str]) -> None:
        argv = [find_program("pyinfra"), "--yes", "--user", "root", "--key", str(self._key)]
        argv += ["--data", "ssh_strict_host_key_checking=off"]
        argv += [word for name, value in data.items() for word in ("--data", f"{name}={value}")]
        text = run_program(self._account, [*argv, self._inventory(hosts), *words])
        total = _TOTAL.search(text)
        if total is None or total["errors"] != "-":
            raise WrongResultError(text[-300:])

    def _inventory(self, hosts: Sequence[Host]) -> str:
        return ",".join(host.address for host in hosts)
