# SPDX-License-Identifier: GPL-3.0-or-later
"""How do tools for one command on many hosts do it? Each with new SSH connections."""

from collections.abc import Sequence
from pathlib import Path

from bench.harness.accounts import Account
from bench.peers.programs import find_program, run_program
from bench.peers.shell import OPTIONS
from lab.hosts import Host

PARALLEL_SSH = """
import sys
from pssh.clients import ParallelSSHClient
key, command, *hosts = sys.argv[1:]
client = ParallelSSHClient(hosts, user="root", pkey=key, pool_size=len(hosts))
output = client.run_command(command)
client.join(output)
assert [each.exit_code for each in output] == [0] * len(hosts)
"""

ASYNCSSH = """
import asyncio, sys
import asyncssh
key, command, *hosts = sys.argv[1:]
async def run(host):
    options = {"username": "root", "client_keys": [key], "known_hosts": None, "config": None}
    async with asyncssh.connect(host, **options) as connection:
        await connection.run(command, check=True)
async def main():
    await asyncio.gather(*map(run, hosts))
asyncio.run(main())
"""


def run_library(
    account: Account, program: str, key: Path, hosts: Sequence[Host], command: str
) -> None:
    """Run a command on hosts by ``PARALLEL_SSH`` or ``ASYNCSSH``."""
    addresses = [host.address for host in hosts]
    run_program(account, [find_program("python"), "-c", program, str(key), command, *addresses])


def run_clush(account: Account, key: Path, hosts: Sequence[Host], command: str) -> None:
    """Run a command on hosts by ClusterShell's clush."""
    options = " ".join(("-F none -i", str(key), *OPTIONS))
    nodes = ",".join(host.address for host in hosts)
    argv = [find_program("clush"), "-S", "-l", "root", "-o", options, "-f", str(len(hosts))]
    run_program(account, [*argv, "-w", nodes, command])
