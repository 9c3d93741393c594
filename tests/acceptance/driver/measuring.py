# SPDX-License-Identifier: GPL-3.0-or-later
"""What do benchmarks start from, and which work do they give to both ways?"""

from dataclasses import dataclass
from pathlib import Path

from driver.control_plane import ControlPlane
from lab.hosts import Host

TASKS = (1, 20)
"""How many tasks the measured playbooks have."""

_HEAD = """---
- name: Measure
  hosts: all
  gather_facts: false
  tasks:
"""

_TASK = """    - name: Task {number}
      ansible.builtin.command: echo {number}
      changed_when: false
"""


@dataclass(frozen=True)
class Bench:
    """A host that is reached by its agent and, with the inventory, by SSH."""

    control_plane: ControlPlane
    host: Host
    inventory: Path

    def find_playbook(self, tasks: int) -> Path:
        """Return the playbook with that many tasks, inside the content."""
        return self.control_plane.content_dir / f"playbooks/bench_{tasks}.yml"

    def write_playbooks(self) -> None:
        """Put the measured playbooks into the content."""
        for tasks in TASKS:
            text = _HEAD + "".join(_TASK.format(number=n) for n in range(1, tasks + 1))
            self.find_playbook(tasks).write_text(text)
