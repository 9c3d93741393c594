# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks with the real ansible-runner and ansible-playbook."""

import asyncio
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from playbook_output import event_names, hold_fifo, plain_text

from agent_runner.executions.environment import PATH

SHOWCASE = """
- name: Showcase
  hosts: all
  gather_facts: false
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: "{{ greeting }} {{ inventory_hostname }}"
    - name: Change something
      ansible.builtin.command: printf 'grün\\\\n'
      changed_when: true
      notify: handled
    - name: Show a difference
      ansible.builtin.copy:
        content: "new text\\n"
        dest: "{{ target }}"
        mode: "0600"
      diff: true
    - name: Skip it
      ansible.builtin.debug:
      when: false
    - name: One by one
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: [a, b]
    - name: Fail and go on
      ansible.builtin.command: "false"
      changed_when: false
      ignore_errors: true
  handlers:
    - name: handled
      ansible.builtin.debug:
        msg: from the handler
"""


async def test_it_prints_what_ansible_playbook_prints(host: Any, tmp_path: Path) -> None:
    """The log is what ansible-playbook prints by itself, colours included, times aside."""
    target = tmp_path / "target"
    variables = {"greeting": "hello", "target": str(target)}
    await host.play("id", SHOWCASE, extra_vars=variables)
    followed = await host.follow("id")
    target.unlink()
    bundle = next(host.bundles.iterdir())
    plain = await asyncio.to_thread(
        subprocess.run,
        [
            Path(sys.executable).parent / "ansible-playbook",
            *("-i", "web1,", "-e", "ansible_connection=local", "playbooks/site.yml"),
            *(f"-e{name}={value}" for name, value in variables.items()),
        ],
        cwd=bundle,
        env={
            "PATH": PATH,
            "HOME": str(Path.home()),
            "LANG": "C.UTF-8",
            "ANSIBLE_FORCE_COLOR": "true",
        },
        capture_output=True,
        check=False,
    )
    assert _without_times(followed.stdout) == _without_times(plain.stdout)
    assert _without_times(followed.stderr) == _without_times(plain.stderr)
    assert followed.result.return_code == plain.returncode == 0
    assert b"\x1b[" in followed.stdout


async def test_events_have_the_form_of_ansible_runner(host: Any, tmp_path: Path) -> None:
    """Events are numbered, linked to their parents, and know their place in the output."""
    variables = {"greeting": "hello", "target": str(tmp_path / "target")}
    await host.play("id", SHOWCASE, extra_vars=variables)
    events = (await host.follow("id")).events
    assert [event["counter"] for event in events] == list(range(1, len(events) + 1))
    assert {event["runner_ident"] for event in events} == {"id"}
    fields = {"uuid", "counter", "stdout", "start_line", "end_line", "created", "pid", "event_data"}
    assert all(fields <= event.keys() for event in events)
    for before, event in pairwise(events):
        assert event["start_line"] == before["end_line"]
    uuids = {event["uuid"] for event in events}
    assert {event["parent_uuid"] for event in events if "parent_uuid" in event} <= uuids
    assert len(uuids) == len(events)
    wanted = {"runner_on_ok", "runner_on_skipped", "runner_item_on_ok", "runner_on_failed"}
    assert wanted <= set(event_names(events))
    recap = events[-1]
    assert recap["event"] == "playbook_on_stats"
    assert recap["event_data"]["ok"] == {"web1": 6}
    assert recap["event_data"]["changed"] == {"web1": 2}
    difference = next(event for event in events if event["event_data"].get("diff"))
    assert difference["event_data"]["diff"][0]["after"] == "new text\n"
    timed = next(event for event in events if event["event"] == "runner_on_ok")
    assert timed["event_data"]["duration"] > 0


async def test_the_output_is_live(host: Any, tmp_path: Path) -> None:
    """What a task prints is readable, and its event too, while the next task still runs."""
    gate = tmp_path / "gate"
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: first words}
    - ansible.builtin.command: head -n 1 {{ gate }}
"""
    with hold_fifo(gate) as fd:
        await host.play("id", playbook, extra_vars={"gate": str(gate)})
        await host.wait_for("id", b"first words")
        os.write(fd, b"go\n")
        assert (await host.follow("id")).result.state == "successful"


async def test_each_kind_of_hosts_line_works(host: Any) -> None:
    """Plays for all, for the host, for its group and for localhost run; others are only seen."""
    plays = "".join(
        f"""
- hosts: {pattern}
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "for {pattern} on {{{{ inventory_hostname }}}} via {{{{ ansible_connection }}}}"
"""
        for pattern in ("all", "web1", "web", "localhost", "db1")
    )
    plays += """
- hosts: web1
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "sees {{ groups['all'] | sort | join(' ') }} and {{ hostvars['db1'].role }}"
"""
    inventory = {
        "all": {
            "hosts": {"web1": {"ansible_connection": "ssh"}, "db1": {"role": "database"}},
            "children": {"web": {"hosts": {"web1": {}}}},
        }
    }
    await host.play("id", plays, inventory=inventory)
    text = plain_text((await host.follow("id")).text)
    for pattern in ("all", "web1", "web"):
        assert f'"msg": "for {pattern} on web1 via local"' in text
    assert '"msg": "for localhost on localhost via local"' in text
    assert "for db1" not in text.replace("for db1 on {{", "")
    assert "sees db1 web1 and database" in text


async def test_content_and_inventory_variables_are_found(host: Any) -> None:
    """Roles, collections, group_vars and host_vars of the bundle work without an ansible.cfg."""
    playbook = """
- hosts: all
  gather_facts: false
  roles: [site_role]
  tasks:
    - ansible.builtin.debug: {msg: "{{ from_group }} {{ from_host }}"}
    - ansible.builtin.include_role: {name: mine.own.inner}
"""
    files = {
        "roles/site_role/tasks/main.yml": "- ansible.builtin.debug: {msg: from the role}\n",
        "collections/ansible_collections/mine/own/roles/inner/tasks/main.yml": (
            "- ansible.builtin.debug: {msg: from the collection}\n"
        ),
        "inventory/group_vars/all.yml": "from_group: of-the-group\n",
        "inventory/host_vars/web1.yml": "from_host: of-the-host\n",
    }
    await host.play("id", playbook, files=files)
    followed = await host.follow("id")
    for words in ("from the role", "of-the-group of-the-host", "from the collection"):
        assert words in followed.text, followed.text


async def test_the_bundles_own_callback_prints(host: Any) -> None:
    """A stdout callback that the content's ansible.cfg asks for prints, and events still come."""
    plugin = """
from ansible.plugins.callback.default import CallbackModule as Default
DOCUMENTATION = '''
    name: loud
    type: stdout
    short_description: prints in its own words
    description: prints in its own words
    extends_documentation_fragment: [default_callback]
'''
class CallbackModule(Default):
    CALLBACK_NAME = "loud"
    def v2_playbook_on_task_start(self, task, is_conditional):
        self._display.display("LOUD " + task.get_name())
"""
    files = {
        "ansible.cfg": "[defaults]\nstdout_callback = loud\ncallback_plugins = plugins/callback\n",
        "plugins/callback/loud.py": plugin,
    }
    playbook = "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"
    await host.play("id", playbook, files=files)
    followed = await host.follow("id")
    assert "LOUD ansible.builtin.debug" in followed.text, followed.text
    assert "runner_on_ok" in event_names(followed.events)


async def test_a_callback_without_options_prints(host: Any) -> None:
    """Of a stdout callback that documents no option, like oneline, ansible-runner wants some."""
    files = {"ansible.cfg": "[defaults]\nstdout_callback = oneline\ndeprecation_warnings = false\n"}
    playbook = "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"
    await host.play("id", playbook, files=files)
    followed = await host.follow("id")
    assert followed.result.state == "successful", followed.text
    assert "web1 | SUCCESS => " in followed.text, followed.text
    assert "runner_on_ok" in event_names(followed.events)


async def test_modes_reach_ansible(host: Any, tmp_path: Path) -> None:
    """Check mode, diff, tags and verbosity do what they do for ansible-playbook."""
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {content: "text\\n", dest: "{{ target }}", mode: "0600"}
      tags: [wanted]
    - ansible.builtin.fail:
    - ansible.builtin.fail:
      tags: [wanted, unwanted]
"""
    target = tmp_path / "target"
    modes = {"check": True, "diff": True, "tags": ["wanted"], "skip_tags": ["unwanted"]}
    await host.play("id", playbook, extra_vars={"target": str(target)}, verbosity=1, **modes)
    followed = await host.follow("id")
    assert followed.result.state == "successful", followed.text
    assert not target.exists()
    assert "+text" in followed.text
    assert "No config file found" in followed.text


def _without_times(output: bytes) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|\d:\d\d:\d\d\.\d+", "TIME", output.decode())
    return re.sub(r"ansible-local-\S+", "SCRATCH", text)
