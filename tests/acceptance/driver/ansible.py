# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test run plain Ansible against the hosts, over SSH or through their agents?"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from driver.content import ROOT
from driver.control_plane import ControlPlane
from lab.hosts import Host

_SSH_OPTIONS = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
_RECAP = re.compile(r"^(\S+)\s+: (ok=.*)$", re.MULTILINE)

Recaps = dict[str, dict[str, int]]
"""What is counted for each host."""


class Ansible:
    """``ansible-playbook`` in a folder of its own.

    Args:
        folder: where it runs.
        key: the private key that logs in as root.
        control_plane: where the agents are reached through.
        hosts: its inventory, in the group web.
    """

    def __init__(
        self, folder: Path, key: Path, control_plane: ControlPlane, hosts: Iterable[Host]
    ) -> None:
        self._folder = folder
        self._control_plane = control_plane
        shared = {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_private_key_file": str(key),
            "ansible_ssh_common_args": _SSH_OPTIONS,
        }
        known = {host.name: {"ansible_host": host.address} for host in hosts}
        groups = {"web": {"hosts": known, "vars": shared}}
        self._inventory = folder / "hosts.json"
        self._inventory.write_text(json.dumps({"all": {"children": groups}}))

    def play(
        self, playbook: Path, *arguments: str, connection: str = "ssh", **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook and return what it said, whatever came of it."""
        extra = {"ansible_connection": connection, **variables}
        return subprocess.run(
            [
                *(Path(sys.executable).with_name("ansible-playbook"), "-i", self._inventory),
                *("-e", json.dumps(extra), *arguments, playbook),
            ],
            cwd=self._folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
                "MYX_URL": self._control_plane.url,
                "MYX_TOKEN": self._control_plane.token,
            },
            capture_output=True,
            text=True,
            check=False,
        )


def read_recaps(said: subprocess.CompletedProcess[str]) -> Recaps:
    """Return what a playbook counted for each host.

    Raises:
        AssertionError: it did not get to its end.
    """
    recap = said.stdout.rpartition("PLAY RECAP")[2]
    found = {
        host: {name: int(count) for name, count in (pair.split("=") for pair in counts.split())}
        for host, counts in _RECAP.findall(recap)
    }
    assert found, said.stdout + said.stderr
    return found
