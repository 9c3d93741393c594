# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder do the runs of a test use? A copy of the project's content, with playbooks more."""

import shutil
from pathlib import Path

from breaking import endings, workloads
from driver import gates, load

ROOT = Path(__file__).parents[3]

PARTS = ("playbooks", "roles", "collections", "inventory", "ansible.cfg", "VERSION", ".myxignore")
"""What a user of this repository runs; the programs beside it are no content."""

PLAYBOOKS = {
    "gate.yml": gates.PLAYBOOK,
    "traces.yml": workloads.PLAYBOOK,
    "load.yml": load.PLAYBOOK,
    "endless.yml": endings.PLAYBOOK,
    "touch.yml": """---
- name: Leave a mark
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the mark
      ansible.builtin.copy:
        dest: /etc/myx-mark
        content: "{{ mark | default('none') }} on {{ inventory_hostname }}"
        mode: "0644"
""",
    "fail_on_web2.yml": """---
- name: Fail on one host
  hosts: all
  gather_facts: false
  tasks:
    - name: Fail where the name says so
      ansible.builtin.command: "{{ 'false' if inventory_hostname == 'web2' else 'true' }}"
      changed_when: false
""",
    "for_web.yml": """---
- name: Speak to the web group
  hosts: web
  gather_facts: false
  tasks:
    - name: Say who it is
      ansible.builtin.debug:
        msg: I am {{ inventory_hostname }} in {{ group_names | join(',') }}
""",
}
"""Playbooks that only tests need, by their name below ``playbooks/``."""


def make_content(folder: Path) -> Path:
    """Copy the project's content into a new folder, with the tests' playbooks in it."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True)
        elif source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / part)
    for name, text in PLAYBOOKS.items():
        (folder / "playbooks" / name).write_text(text)
    (folder / "gate.sh").write_text(gates.SCRIPT)
    return folder
