# SPDX-License-Identifier: GPL-3.0-or-later
"""Which work is given to everyone? The same on each way, with a mark that no earlier run can have.

``site`` is 20 cheap tasks with 26 module executions, facts off; ``one`` is a single task.
"""

import secrets
from pathlib import Path

from bench.harness.measuring import WrongResultError
from bench.testbed.looking import find_root, forget
from lab.hosts import Host

FOLDER = "/var/tmp/myx-bench"  # noqa: S108 - a folder of the test host
BLOB_BYTES = 16 * 1024
SITE_TASKS = 20
TEMPLATES = ("x", "y", "z")

TEMPLATE = """# {{ mark }}
{% for i in range(20) %}
key{{ i }} = {{ i * 3 }}
{% endfor %}
"""

_HEAD = """---
- name: Measure
  hosts: all
  gather_facts: false
  vars:
    d: /var/tmp/myx-bench
  tasks:
"""

_COMMAND = """    - name: Task {number}
      ansible.builtin.command: echo {{{{ mark }}}} {number}
      changed_when: false
"""

_SITE = f"""{_HEAD}
    - {{name: t01, ansible.builtin.file: {{path: "{{{{ d }}}}", state: directory, mode: "0755"}}}}
    - {{name: t02, ansible.builtin.command: "true"}}
    - {{name: t03, ansible.builtin.copy: {{content: "alpha\\nbeta\\n", dest: "{{{{ d }}}}/a", mode: "0644"}}}}
    - {{name: t04, ansible.builtin.lineinfile: {{path: "{{{{ d }}}}/a", line: "gamma=1"}}}}
    - {{name: t05, ansible.builtin.template: {{src: bench.j2, dest: "{{{{ d }}}}/x", mode: "0644"}}}}
    - {{name: t06, ansible.builtin.stat: {{path: "{{{{ d }}}}/x"}}}}
    - {{name: t07, ansible.builtin.command: "echo hello"}}
    - {{name: t08, ansible.builtin.copy: {{content: "k=v\\n", dest: "{{{{ d }}}}/b", mode: "0644"}}}}
    - {{name: t09, ansible.builtin.lineinfile: {{path: "{{{{ d }}}}/b", line: "z=2"}}}}
    - {{name: t10, ansible.builtin.template: {{src: bench.j2, dest: "{{{{ d }}}}/y", mode: "0644"}}}}
    - {{name: t11, ansible.builtin.stat: {{path: "{{{{ d }}}}/y"}}}}
    - {{name: t12, ansible.builtin.command: "uname -r"}}
    - {{name: t13, ansible.builtin.file: {{path: "{{{{ d }}}}/flag", state: touch, mode: "0600"}}}}
    - {{name: t14, ansible.builtin.copy: {{src: bench.bin, dest: "{{{{ d }}}}/blob", mode: "0644"}}}}
    - {{name: t15, ansible.builtin.lineinfile: {{path: "{{{{ d }}}}/a", regexp: "^beta", line: "beta=3"}}}}
    - {{name: t16, ansible.builtin.template: {{src: bench.j2, dest: "{{{{ d }}}}/z", mode: "0644"}}}}
    - {{name: t17, ansible.builtin.slurp: {{src: "{{{{ d }}}}/a"}}}}
    - {{name: t18, ansible.builtin.command: "id -u"}}
    - {{name: t19, ansible.builtin.stat: {{path: "{{{{ d }}}}/a"}}}}
    - {{name: t20, ansible.builtin.command: "echo done"}}
"""  # noqa: E501 - a table of tasks, one a line

DEAF = (
    # Salt takes what begins with NAME= for an argument of that name.
    "true; wait='trap : TERM HUP INT; while :; do sleep 1; done'; "
    'setsid sh -c "$wait" {mark} & (setsid sh -c "$wait" {mark} &) & '
    'exec sh -c "$wait" {mark}'
)
"""A shell command that leaves children in sessions of their own; none of it hears SIGTERM."""

_DEAF = f"""{_HEAD}
    - name: Stay, deaf
      ansible.builtin.shell: |
        {DEAF.format(mark="{{ mark }}")}
      changed_when: false
"""

GROWTH = (20, 100, 300, 1000)
"""How many tasks the playbooks have that show what one more costs."""


def write(content: Path) -> None:
    """Put the measured playbooks and their files into a content folder."""
    playbooks = content / "playbooks"
    (playbooks / "bench_site.yml").write_text(_SITE)
    (playbooks / "bench_deaf.yml").write_text(_DEAF)
    for count in (1, *GROWTH):
        text = _HEAD + "".join(_COMMAND.format(number=n) for n in range(1, count + 1))
        (playbooks / f"bench_{count}.yml").write_text(text)
    for folder in ("templates", "files"):
        (playbooks / folder).mkdir(exist_ok=True)
    (playbooks / "templates/bench.j2").write_text(TEMPLATE)
    (playbooks / "files/bench.bin").write_bytes(secrets.token_bytes(BLOB_BYTES))


def make_mark() -> str:
    """Return what only the next run can leave behind."""
    return secrets.token_hex(8)


def clear(*hosts: Host) -> None:
    """Let every task of ``site`` change something again."""
    for host in hosts:
        forget(host, FOLDER)


def check_site(mark: str, *hosts: Host) -> None:
    """Check that the files of ``site`` are there as they should be.

    Raises:
        WrongResultError: one is not.
    """
    for host in hosts:
        folder = find_root(host) / FOLDER.removeprefix("/")
        wanted = {"a": "alpha\nbeta=3\ngamma=1\n", "b": "k=v\nz=2\n", "flag": ""}
        lines = "".join(f"key{i} = {i * 3}\n" for i in range(20))
        wanted |= dict.fromkeys(TEMPLATES, f"# {mark}\n{lines}")
        for name, text in wanted.items():
            found = (folder / name).read_text() if (folder / name).exists() else "missing"
            # Each tool's templates trim blank lines in a way of their own.
            if [line for line in found.splitlines() if line] != text.splitlines():
                raise WrongResultError(f"{host.name}: {name} is {found[:80]!r}")
        if (folder / "blob").stat().st_size != BLOB_BYTES:
            raise WrongResultError(f"{host.name}: blob is of another size")
