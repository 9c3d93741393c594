# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin on real hosts: the same playbook over SSH, through agents, and as a run."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from driver.ansible import Ansible, read_recaps
from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from lab.hosts import Host, Lab

LARGE_BYTES = 64 * 2**20

EVERYWHERE = """---
- name: Do what playbooks do
  hosts: web
  tasks:
    - name: Make a folder
      ansible.builtin.file: {path: "{{ folder }}", state: directory, mode: "0755"}
    - name: Lay a file down
      ansible.builtin.copy:
        content: "ä on {{ ansible_facts.hostname }}\\n"
        dest: "{{ folder }}/a"
        mode: "0640"
    - name: Edit it
      ansible.builtin.lineinfile: {path: "{{ folder }}/a", line: "more"}
      notify: Tell
    - name: Look at it
      ansible.builtin.stat: {path: "{{ folder }}/a"}
      register: found
    - name: Leave out what does not concern it
      ansible.builtin.command: "false"
      when: found.stat.size == 0
    - name: Be somebody else
      ansible.builtin.command: id -un
      become: true
      become_user: nobody
      register: who
      changed_when: false
      failed_when: who.stdout != 'nobody'
    - name: Run it beside
      ansible.builtin.shell: sleep 1; echo "$0"
      async: 60
      poll: 1
    - name: Recover
      block:
        - name: Fail
          ansible.builtin.command: sh -c 'echo no >&2; exit 3'
      rescue:
        - name: See why
          ansible.builtin.assert:
            that:
              - ansible_failed_result.rc == 3
              - ansible_failed_result.stderr == 'no'
  handlers:
    - name: Tell
      ansible.builtin.command: cat "{{ folder }}/a"
"""

IN_ONE_PLACE = """---
- name: One after the other
  hosts: web
  serial: 1
  gather_facts: false
  tasks:
    - name: Write on the other host
      ansible.builtin.lineinfile:
        path: /srv/turns
        line: "{{ inventory_hostname }}"
        create: true
        mode: "0644"
      delegate_to: web2
    - name: See who came before
      ansible.builtin.command: cat /srv/turns
      delegate_to: web2
      register: turns
      changed_when: false
      failed_when: turns.stdout_lines != expected[inventory_hostname]
      vars:
        expected: {web1: [web1], web2: [web1, web2]}
    - name: Be where it is
      ansible.builtin.command: hostname
      register: name
      changed_when: false
      failed_when: name.stdout != inventory_hostname
- name: Large files
  hosts: web1
  gather_facts: false
  tasks:
    - name: Put
      ansible.builtin.copy: {src: "{{ source }}", dest: /srv/large, mode: "0600"}
    - name: Fetch
      ansible.builtin.fetch: {src: /srv/large, dest: "{{ source }}.back", flat: true}
"""

SHORT = """---
- name: Be there
  hosts: web
  gather_facts: false
  tasks:
    - name: Say so
      ansible.builtin.command: "true"
"""


@pytest.fixture
def ansible(
    tmp_path: Path, lab: Lab, control_plane: ControlPlane, fleet: dict[str, Host]
) -> Ansible:
    """Return Ansible with the hosts of the group web."""
    return Ansible(tmp_path, lab.key_path, control_plane, [fleet["web1"], fleet["web2"]])


def _write(folder: Path, text: str) -> Path:
    path = folder / "play.yml"
    path.write_text(text)
    return path


def _assert_good(said: subprocess.CompletedProcess[str]) -> None:
    assert said.returncode == 0, said.stdout + said.stderr


def test_a_playbook_does_the_same_everywhere(
    ansible: Ansible, myx: CommandLine, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """Over SSH, through the agents, and by the agents themselves the recaps are equal."""
    path = _write(tmp_path, EVERYWHERE)
    over_ssh = ansible.play(path, folder="/srv/ssh")
    _assert_good(over_ssh)
    through = ansible.play(path, connection="myx.fleet.agent", folder="/srv/agent")
    _assert_good(through)
    (control_plane.content_dir / "playbooks/everywhere.yml").write_text(EVERYWHERE)
    myx.succeed("run", "playbooks/everywhere.yml", "--limit", "web", "-e", "folder=/srv/run")
    listed = control_plane.list_executions(myx.find_latest_run())
    as_run = {name: execution["recap"] for name, execution in listed.items()}
    assert read_recaps(over_ssh) == read_recaps(through) == as_run
    assert as_run["web1"]["rescued"] == as_run["web1"]["skipped"] == 1


def test_what_needs_one_place_has_it(
    ansible: Ansible, fleet: dict[str, Host], tmp_path: Path
) -> None:
    """Hosts take turns, tasks are done for each other, and large files come and go whole."""
    data = os.urandom(LARGE_BYTES)
    (tmp_path / "large").write_bytes(data)
    fleet["web2"].ask("rm -f /srv/turns")
    said = ansible.play(
        _write(tmp_path, IN_ONE_PLACE),
        connection="myx.fleet.agent",
        source=str(tmp_path / "large"),
    )
    _assert_good(said)
    digest = hashlib.sha256(data).hexdigest()
    assert fleet["web1"].ask("sha256sum /srv/large").startswith(digest)
    assert hashlib.sha256((tmp_path / "large.back").read_bytes()).hexdigest() == digest
    assert fleet["web1"].ask("find / -xdev -name '.myx-*'") == ""


def test_files_are_copied_from_the_command_line(
    fleet: dict[str, Host], myx: CommandLine, tmp_path: Path
) -> None:
    """A folder with all that is in it, and a file; what is there is not sent again."""
    folder, host = tmp_path / "folder", fleet["web1"]
    script = folder / "ä b/run.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    (folder / "link").symlink_to("ä b/run.sh")
    for said in ("copied", "as it was"):
        outcome = myx.succeed("host", "put", "web1", str(folder), "/srv/put")
        assert said in outcome.stdout + outcome.stderr
    assert host.ask("'/srv/put/ä b/run.sh'; readlink /srv/put/link") == "hello\nä b/run.sh"
    script.write_text("#!/bin/sh\necho other\n")
    myx.succeed("host", "put", "web1", str(folder), "/srv/put")
    assert host.ask("/srv/put/link") == "other"
    myx.succeed("host", "put", "web1", str(script), "/home/deploy/one", "--user", "deploy")
    assert host.ask("stat -c '%U %a' /home/deploy/one") == "deploy 755"
    refused = myx.run("host", "put", "web1", str(script), "/srv/put/one", "--user", "deploy")
    assert refused.exit_code == 1
    assert "Permission denied" in refused.stderr


def test_a_host_that_is_away_is_unreachable(
    ansible: Ansible, myx: CommandLine, fleet: dict[str, Host], tmp_path: Path
) -> None:
    """One whose agent is stopped, and one in maintenance, are left out and the others go on."""
    path = _write(tmp_path, SHORT)
    fleet["web2"].execute("systemctl", "stop", "myx-agent")
    try:
        said = ansible.play(path, connection="myx.fleet.agent")
    finally:
        fleet["web2"].execute("systemctl", "start", "myx-agent")
    recaps = read_recaps(said)
    assert (recaps["web1"]["ok"], recaps["web2"]["unreachable"]) == (1, 1), said.stdout
    assert "cannot be reached" in said.stdout
    myx.succeed("host", "maintenance", "on", "web1")
    try:
        said = ansible.play(path, "--limit", "web1", connection="myx.fleet.agent")
    finally:
        myx.succeed("host", "maintenance", "off", "web1")
    assert read_recaps(said)["web1"]["unreachable"] == 1
    assert "in maintenance" in said.stdout
