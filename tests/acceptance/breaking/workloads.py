# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs while something breaks: programs in whose traces every loss and doubling shows.

Each writes down its start on the host, by its execution's id. The script numbers what it
prints; the playbook leaves children behind that no signal but SIGKILL ends.
"""

import re
from typing import Any

from driver.control_plane import ControlPlane
from lab.hosts import Host

FOLDER = "/var/tmp/myx-faults"  # noqa: S108 - a folder of the test host, which a reboot keeps
STARTS = f"{FOLDER}/starts"

SCRIPT = f"""#!/usr/bin/env python3
import os, sys, time
descriptor = os.open("{STARTS}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(descriptor, os.path.basename(os.environ["MYX_EXECUTION_FOLDER"]).encode() + b"\\n")
until = time.monotonic() + float(sys.argv[1])
filling = "\\x1b[32mgreen\\x1b[0m žluťoučký 漢字 🚀 ".encode() + bytes([0, 255, 254, 128, 13])
number = 0
while time.monotonic() < until:
    number += 1
    burst = 200 if number % 50 == 0 else 1
    os.write(1, b"<o%d>" % number + filling * burst + b"\\n")
    os.write(2, b"<e%d>" % number + filling + b"\\n")
    time.sleep(0.01)
os.write(1, b"<end %d>\\n" % number)
"""

PLAYBOOK = f"""---
- name: Leave traces
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the start down, and leave children in sessions of their own
      ansible.builtin.shell: |
        basename "$MYX_EXECUTION_FOLDER" >>{STARTS}
        stop="{FOLDER}/$(basename "$MYX_EXECUTION_FOLDER").stop"
        wait="trap '' TERM HUP INT; while [ ! -e '$stop' ]; do sleep 0.3; done"
        setsid sh -c "$wait" </dev/null >/dev/null 2>&1 &
        (setsid sh -c "$wait" </dev/null >/dev/null 2>&1 &) &
      changed_when: false
    - name: Say something
      ansible.builtin.debug:
        msg: "{{{{ item }}}} žluťoučký 漢字 🚀"
      loop: [one, two, three]
    - name: Stay in the middle of a module
      ansible.builtin.command: sleep {{{{ seconds }}}}
      changed_when: false
    - name: Let the children go
      ansible.builtin.shell: |
        stop="{FOLDER}/$(basename "$MYX_EXECUTION_FOLDER").stop"
        touch "$stop"
        while pgrep -f "$stop" >/dev/null; do sleep 0.1; done
      changed_when: false
"""

_NUMBER = re.compile(rb"<([oe])(\d+)>")
_LAST = re.compile(rb"<end (\d+)>\n")


def start_script(plane: ControlPlane, limit: str, seconds: float) -> int:
    """Start the script for so many seconds and return the run's id."""
    script = {"name": "traces.py", "content": SCRIPT}
    return _start(plane, {"kind": "script", "script": script, "args": [str(seconds)]}, limit)


def start_playbook(plane: ControlPlane, limit: str, seconds: float) -> int:
    """Start the playbook, which stays in its middle for so many seconds; return the run's id."""
    body = {"kind": "playbook", "playbook": "playbooks/traces.yml"}
    return _start(plane, body | {"extra_vars": {"seconds": seconds}}, limit)


def prepare(host: Host) -> None:
    """Make the folder for traces on a host."""
    host.execute("mkdir", "-p", FOLDER)


def stop_children(host: Host, execution_id: str) -> None:
    """Let the children go that a playbook has left."""
    host.execute("touch", f"{FOLDER}/{execution_id}.stop")


def count_starts(host: Host, execution_id: str) -> int:
    """Return how often an execution has begun on its host."""
    return int(host.ask(f"grep -c '^{execution_id}$' {STARTS} || true") or 0)


def find_gap(log: bytes, *, is_whole: bool) -> str | None:
    """Return what is missing or twice in what the script has printed, or None.

    Args:
        log: what is stored of it.
        is_whole: the script has ended by itself.
    """
    numbers: dict[bytes, list[int]] = {b"o": [], b"e": []}
    for stream, number in _NUMBER.findall(log):
        numbers[stream].append(int(number))
    for stream, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            return f"the numbers of {stream.decode()} have a gap or are there twice"
    last = _LAST.search(log)
    if not is_whole:
        return None
    if last is None or {len(found) for found in numbers.values()} != {int(last[1])}:
        return "the script has ended and the end of its output is missing"
    return None


def _start(plane: ControlPlane, body: dict[str, Any], limit: str) -> int:
    answer = plane.request("POST", "/runs", json=body | {"limit": limit, "timeout_s": 600})
    started: int = answer.raise_for_status().json()["id"]
    return started
