# SPDX-License-Identifier: GPL-3.0-or-later
"""How are many playbooks and commands held on one host at once, and what does that cost?

Each says who it is, waits at a gate in the host (a FIFO, so that waiting costs nothing), and
says who it is once more.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from driver.control_plane import ControlPlane
from driver.expectations import wait_for_end
from lab.hosts import Host
from lab.processes import list_named
from lab.waiting import wait_for
from lab.weights import Usage, measure_usage

PLAYBOOK = """---
- name: Wait among many
  hosts: all
  gather_facts: false
  tasks:
    - name: Say who it is
      ansible.builtin.debug:
        msg: "[{{ number }} begins]"
    - name: Wait at the gate
      ansible.builtin.command: cat {{ gate }}
      changed_when: false
    - name: Say who it is once more
      ansible.builtin.debug:
        msg: "[{{ number }} ends]"
"""

_COMMAND = 'echo "[$1 begins]"; cat "$2"; echo "[$1 ends]"'

STARTERS = 4
"""Requests that are sent at once."""

BEGIN_TIMEOUT_S = 900.0
"""A hundred playbooks need two processors for minutes until they stand at the gate."""


@dataclass
class Crowd:
    """Runs on one host that wait at one gate."""

    plane: ControlPlane
    host: Host
    runs: dict[int, str] = field(default_factory=dict)
    gate: str = field(default_factory=lambda: f"/run/gate-{secrets.token_hex(6)}")

    def gather(self, *, playbooks: int, commands: int) -> float:
        """Start them, return when all stand at the gate, and how many seconds that took."""
        self.host.execute("mkfifo", self.gate)
        started_at = time.monotonic()
        bodies = [self._make_playbook(number) for number in range(playbooks)]
        bodies += [self._make_command(number) for number in range(playbooks, playbooks + commands)]
        with ThreadPoolExecutor(STARTERS) as pool:
            for number, run_id in enumerate(pool.map(self.start, bodies)):
                self.runs[run_id] = str(number)
        total = len(bodies)
        wait_for("all at the gate", lambda: len(self.list_waiting()) == total, BEGIN_TIMEOUT_S)
        return time.monotonic() - started_at

    def start(self, body: dict[str, Any]) -> int:
        """Start one run on the host and return its id."""
        answer = self.plane.request("POST", "/runs", json=body | {"limit": self.host.name})
        run_id: int = answer.raise_for_status().json()["id"]
        return run_id

    def list_waiting(self) -> list[int]:
        """Return the processes at the gate, by their pids on this machine."""
        return list_named(f"cat\0{self.gate}\0", whole=True)

    def release(self) -> float:
        """Open the gate, return when all have ended, and how many seconds that took."""
        started_at = time.monotonic()
        while self.list_waiting():
            # To open it for reading as well never waits, not even when all have just left.
            self.host.execute("sh", "-c", f"exec 3<>{self.gate}")
        for run_id in self.runs:
            wait_for_end(self.plane, run_id, BEGIN_TIMEOUT_S)
        return time.monotonic() - started_at

    def find_problems(self) -> list[str]:
        """Return what is wrong with what they said and how they ended."""
        return [problem for one in self.runs.items() for problem in self._judge(*one)]

    def _judge(self, run_id: int, number: str) -> Iterable[str]:
        execution = self.plane.list_executions(run_id)[self.host.name]
        if execution["status"] != "successful":
            yield f"run {run_id}: {execution['status']}: {execution['reason']}"
        log = self.plane.read_log(execution["id"]).decode()
        said = [word for word in ("begins]", "ends]") if f"[{number} {word}" in log]
        if len(said) != 2 or log.count(" begins]") != 1 or log.count(" ends]") != 1:
            yield f"run {run_id} is number {number} and said: {log}"

    def _make_playbook(self, number: int) -> dict[str, Any]:
        variables = {"number": number, "gate": self.gate}
        return {"kind": "playbook", "playbook": "playbooks/load.yml", "extra_vars": variables}

    def _make_command(self, number: int) -> dict[str, Any]:
        return {"kind": "command", "command": ["sh", "-c", _COMMAND, "sh", str(number), self.gate]}


def measure(groups: dict[str, Sequence[int]], seconds: float) -> dict[str, Usage]:
    """Return what groups of processes use, their processors' time over so many seconds."""
    before = {name: measure_usage(pids) for name, pids in groups.items()}
    time.sleep(seconds)
    return {name: measure_usage(pids).since(before[name], seconds) for name, pids in groups.items()}
