# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a host and what does it use, seen from this machine, so that to look costs it nothing?

A host is a container: its files and processes are also this machine's.
"""

import functools
import shutil
from pathlib import Path

from bench.harness.accounts import Account, find_account
from lab.hosts import Host
from lab.podman import ask_podman


def find_root(host: Host) -> Path:
    """Return a host's file system as it is seen from this machine: to look costs it nothing."""
    return Path(f"/proc/{find_pid(host)}/root")


@functools.cache
def find_pid(host: Host) -> int:
    """Return a host's first process."""
    return int(ask_podman("inspect", host.container, "--format", "{{.State.Pid}}"))


def find_host_account(host: Host) -> Account:
    """Return the processor time of a host."""
    return find_account(find_pid(host))


def forget(host: Host, path: str) -> None:
    """Remove a file or a folder from a host, so that the work is the same for everyone."""
    target = find_root(host) / path.removeprefix("/")
    if target.is_file():
        target.unlink()
    else:
        shutil.rmtree(target, ignore_errors=True)
