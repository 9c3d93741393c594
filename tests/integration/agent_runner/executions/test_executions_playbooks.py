# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks with the real ansible-runner and ansible-playbook."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent_runner.executions.environment import PATH
from agent_runner.executions.processes import identify
from agent_runner.protocol.errors import BundleMissingError, InvalidParamsError

COLOR = re.compile(r"\x1b\[[0-9;]*m")

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


def _plain(text: str) -> str:
    return COLOR.sub("", text)


def _names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


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
    assert wanted <= set(_names(events))
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
    with _hold_fifo(gate) as fd:
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
    text = _plain((await host.follow("id")).text)
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
    assert "runner_on_ok" in _names(followed.events)


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


@pytest.mark.parametrize(
    ("playbook", "cause"),
    [
        ("- hosts: all\n  tasks:\n   - foo: a: b\n", "YAML parsing failed"),
        ("- hosts: all\n  tasks:\n   - no_such_module:\n", "couldn't resolve module/action"),
        ("- hosts: all\n  taskss: []\n", "'taskss' is not a valid attribute"),
    ],
)
async def test_a_playbook_that_is_wrong_says_where(host: Any, playbook: str, cause: str) -> None:
    """An error in a playbook ends the execution as not started, with Ansible's own words."""
    await host.play("id", playbook)
    followed = await host.follow("id")
    assert (followed.result.state, followed.result.reason_code) == ("failed", "could_not_start")
    assert cause in followed.result.reason
    assert "site.yml:" in followed.result.reason
    assert cause in _plain(followed.text)


async def test_a_playbook_that_is_missing_is_named(host: Any) -> None:
    """A playbook that the content does not have ends the execution with its name."""
    await host.play("id", "", playbook="playbooks/none.yml")
    result = (await host.follow("id")).result
    assert result.reason_code == "could_not_start"
    assert "playbooks/none.yml could not be found" in result.reason


async def test_a_failed_task_is_the_reason(host: Any) -> None:
    """The reason of a failed playbook names the task and what it said."""
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail: {msg: not this one}
      ignore_errors: true
    - name: Deploy
      ansible.builtin.fail: {msg: no luck}
"""
    await host.play("id", playbook)
    result = (await host.follow("id")).result
    assert (result.state, result.reason_code) == ("failed", "nonzero_exit")
    assert result.reason == "exit code 2: task 'Deploy' failed: no luck"


@pytest.mark.parametrize("playbook", ["/etc/x.yml", "../x.yml", "a/../../x.yml", "-e@/etc/x.yml"])
async def test_only_content_can_be_played(host: Any, playbook: str) -> None:
    """A playbook outside the content, or one that is an option, is refused."""
    with pytest.raises(InvalidParamsError, match="inside the content"):
        await host.play("id", "", playbook=playbook)
    assert not host.folder("id").path.exists()


async def test_content_that_is_not_here_is_asked_for(host: Any) -> None:
    """Without the content nothing starts, and the id is free for the next try."""
    with pytest.raises(BundleMissingError):
        await host.play("id", "", bundle="0" * 64)
    with pytest.raises(InvalidParamsError, match="inventory"):
        await host.play("id", "", inventory={"all": ["web1"]})
    playbook = "- hosts: all\n  gather_facts: false\n  tasks: []\n"
    assert (await host.play("id", playbook)).created
    await host.follow("id")


async def test_no_secret_is_left_or_seen(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are in no log, event, argument vector or file, and the agent's own in no play."""
    monkeypatch.setenv("AGENT_TOKEN", "the-agents-own")
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: "echo {{ quiet }}"
      no_log: true
    - ansible.builtin.debug: {msg: "{{ item }}"}
      loop: ["{{ quiet }}", "{{ quiet }}2"]
      no_log: true
    - ansible.builtin.copy: {content: "{{ quiet }}", dest: "{{ target }}", mode: "0600"}
      diff: true
      no_log: true
    - ansible.builtin.command: "false {{ quiet }}"
      no_log: true
      ignore_errors: true
    - ansible.builtin.debug: {msg: "shown {{ named }}"}
    - ansible.builtin.shell: |
        cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '{{ named[:3] }}[r]3t'
      register: seen
      failed_when: seen.stdout != '0'
    - ansible.builtin.command: env
"""
    variables = {"quiet": "qu1et-value", "named": "s3cr3t", "target": str(host.bundles / "target")}
    await host.play("id", playbook, extra_vars=variables, secrets=["s3cr3t"], verbosity=3)
    followed = await host.follow("id")
    assert followed.result.state == "successful", followed.text
    assert "shown ********" in followed.text
    for path in host.folder("id").path.rglob("*"):
        content = path.read_bytes()
        for secret in (b"qu1et-value", b"s3cr3t", b"the-agents-own"):
            assert secret not in content, (path, secret)
    assert not host.folder("id").runner.exists()
    assert not host.folder("id").tmp.exists()


async def test_the_extra_variables_lie_private_while_it_runs(host: Any, tmp_path: Path) -> None:
    """While a playbook runs, its variables are in a file of the agent's account alone."""
    gate = tmp_path / "gate"
    playbook = """
- hosts: all
  gather_facts: false
  tasks: [{ansible.builtin.debug: {msg: up}}, {ansible.builtin.command: "head -n 1 {{ gate }}"}]
"""
    with _hold_fifo(gate) as fd:
        await host.play("id", playbook, extra_vars={"gate": str(gate), "token": "s3cr3t"})
        await host.wait_for("id", b"up")
        holding = [
            path
            for path in host.folder("id").path.rglob("*")
            if path.is_file() and b"s3cr3t" in path.read_bytes()
        ]
        assert [path.stat().st_mode & 0o777 for path in holding] == [0o600]
        os.write(fd, b"go\n")
        await host.follow("id")


async def test_cancel_ends_the_module_too(host: Any) -> None:
    """A cancel in the middle of a module leaves neither the module nor what it has started."""
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: up}
    - ansible.builtin.shell: |
        setsid sh -c 'sleep 1000 & sleep 1000' &
        echo $$ > {{ mark }}
        sleep 1000
"""
    mark = host.bundles / "mark"
    with _hold_fifo(mark) as fd:
        await host.play("id", playbook, extra_vars={"mark": str(mark)})
        module = int(await _read_when_there(fd))
    await host.cancel("id")
    result = (await host.follow("id")).result
    assert result.state == "canceled"
    assert result.ended_processes >= 4
    assert identify(module) is None
    assert host.survivors("id") == []


async def test_concurrent_playbooks_never_mix(host: Any) -> None:
    """Playbooks that run at once see their own variables only."""
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: "echo is {{ who }}"
      loop: [1, 2]
"""
    names = [f"id-{n}" for n in range(4)]
    await asyncio.gather(*(host.play(n, playbook, extra_vars={"who": n}) for n in names))
    for name, followed in zip(names, await asyncio.gather(*map(host.follow, names)), strict=True):
        said = [e["event_data"]["res"]["stdout"] for e in followed.events if "item" in e["event"]]
        assert said == [f"is {name}"] * 2


async def test_a_task_may_run_ansible_playbook_itself(host: Any) -> None:
    """An ansible-playbook that a task starts prints as usual, and its events go nowhere."""
    inner = "- hosts: localhost\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"
    playbook = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: "{{ ansible_playbook_python }} -m ansible playbook {{ inner }}"
"""
    variables = {"inner": "inner.yml"}
    await host.play("id", playbook, files={"playbooks/inner.yml": inner}, extra_vars=variables)
    followed = await host.follow("id")
    assert followed.result.state == "successful", followed.text
    assert _names(followed.events).count("playbook_on_start") == 1
    ended = next(e for e in followed.events if e["event"] == "runner_on_ok")
    assert "Hello world!" in ended["event_data"]["res"]["stdout"]


def _without_times(output: bytes) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|\d:\d\d:\d\d\.\d+", "TIME", output.decode())
    return re.sub(r"ansible-local-\S+", "SCRATCH", text)


@contextmanager
def _hold_fifo(path: Path) -> Iterator[int]:
    """Make a fifo and hold both its ends, so that neither side ever blocks the test."""
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)


async def _read_when_there(fd: int) -> bytes:
    """Return what somebody writes into a fifo."""
    there = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, there.set)
    try:
        async with asyncio.timeout(60):
            await there.wait()
        return os.read(fd, 100)
    finally:
        loop.remove_reader(fd)
