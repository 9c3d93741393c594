# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run held in its middle until the test lets it go on?"""

import secrets
from functools import partial

from lab.hosts import Host
from lab.waiting import wait_for

FOLDER = "/run/myx-gates"

PLAYBOOK = """---
- name: Wait in the middle
  hosts: all
  gather_facts: false
  tasks:
    - name: Make room for the marks
      ansible.builtin.file:
        path: /run/myx-gates
        state: directory
        mode: "0755"
    - name: Say the first word
      ansible.builtin.debug:
        msg: before the gate {{ gate }}
    - name: Wait for the gate
      ansible.builtin.shell: |
        touch /run/myx-gates/{{ gate }}.reached
        while [ ! -e /run/myx-gates/{{ gate }}.open ]; do sleep 0.1; done
      changed_when: false
    - name: Say the last word
      ansible.builtin.debug:
        msg: behind the gate {{ gate }}
"""

SCRIPT = """#!/bin/sh
mkdir -p /run/myx-gates
touch "/run/myx-gates/$1.reached"
count=0
while [ ! -e "/run/myx-gates/$1.open" ]; do
  count=$((count + 1))
  echo "line $count"
  echo "error $count" >&2
  sleep 0.02
done
echo "behind the gate"
"""


class Gate:
    """A place in a playbook or script that only the test opens."""

    def __init__(self, *hosts: Host) -> None:
        self.name = secrets.token_hex(4)
        self._hosts = hosts

    def wait_until_reached(self) -> None:
        """Return when the run stands at the gate on every host."""
        for host in self._hosts:
            wait_for(f"the gate on {host.name}", partial(host.exists, self._path("reached")), 120)

    def open(self) -> None:
        """Let the run go on."""
        for host in self._hosts:
            host.execute("mkdir", "-p", FOLDER)
            host.execute("touch", self._path("open"))

    def has_waiters(self, host: Host) -> bool:
        """Tell whether a process that waits at the gate is left on a host."""
        return host.succeeds(f"pgrep -f '[m]yx-gates/{self.name}|[g]ate.sh {self.name}'")

    def _path(self, mark: str) -> str:
        return f"{FOLDER}/{self.name}.{mark}"
