# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook keeps to itself, with the real ansible-runner and ansible-playbook."""

import asyncio
import os
from base64 import b64encode
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from playbook_output import event_names, hold_fifo, read_when_there

from agent_runner.executions.processes import identify

SECRETIVE = """
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
    - ansible.builtin.debug: {msg: "shown {{ named }}, {{ ('user:' ~ named) | b64encode }}"}
    - ansible.builtin.shell: |
        cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[{{ named[0] }}]{{ named[1:] }}'
      register: seen
      failed_when: seen.stdout != '0'
    - ansible.builtin.command: env
"""


async def test_no_secret_is_left_or_seen(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are in no log, event, argument vector or file, and the agent's own in no play."""
    monkeypatch.setenv("AGENT_TOKEN", "the-agents-own")
    named = token_hex(8)  # on this machine nowhere else
    variables = {"quiet": "qu1et-value", "named": named, "target": str(host.bundles / "target")}
    await host.play("id", SECRETIVE, extra_vars=variables, secrets=[named], verbosity=3)
    followed = await host.follow("id")
    assert followed.result.state == "successful", followed.text
    assert "shown ********" in followed.text
    encoded = b64encode(f"user:{named}".encode())[8:-4]
    for path in host.folder("id").path.rglob("*"):
        content = path.read_bytes()
        for secret in (b"qu1et-value", named.encode(), b"the-agents-own", encoded):
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
    with hold_fifo(gate) as fd:
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
    with hold_fifo(mark) as fd:
        await host.play("id", playbook, extra_vars={"mark": str(mark)})
        module = int(await read_when_there(fd))
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
    assert event_names(followed.events).count("playbook_on_start") == 1
    ended = next(e for e in followed.events if e["event"] == "runner_on_ok")
    assert "Hello world!" in ended["event_data"]["res"]["stdout"]
