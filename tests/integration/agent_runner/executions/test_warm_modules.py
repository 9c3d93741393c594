# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of an execution run in ready interpreters, and are counted."""

import asyncio
from collections import Counter
from typing import Any

from agent_runner.executions.processes import list_marked
from agent_runner.warm.modules.counts import read_counts

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - command: echo said
      register: said
    - stat: {path: /}
    - command: "true"
      async: 300
      poll: 1
    - words: {}
    - assert: {that: said.stdout == 'said'}
"""

OWN_PLUGINS = {
    "playbooks/action_plugins/stat.py": (
        "from ansible.plugins.action import ActionBase\n"
        "class ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        return {'changed': False, 'said': 'the content'}\n"
    ),
    "playbooks/action_plugins/copy.py": (
        "from ansible.plugins.action import ActionBase\n"
        "class ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        return {'changed': False, 'said': 'the content'}\n"
    ),
    "playbooks/library/words.sh": "#!/bin/sh\necho '{\"changed\": false}'\n",
}

WITH_OWN_PLUGINS = """
- hosts: all
  gather_facts: false
  tasks:
    - {copy: {}, register: copied}
    - {stat: {}, register: seen}
    - {command: 'true'}
    - assert: {that: [copied.said == 'the content', seen.said == 'the content']}
"""


async def _play(host: Any, command_id: str, text: str = PLAYBOOK, **params: Any) -> Any:
    await host.play(command_id, text, files=OWN_PLUGINS, **params)
    followed = await host.follow(command_id)
    assert followed.result.state == "successful", followed.text
    return followed


async def test_modules_run_warm_and_are_counted(warm_host: Any) -> None:
    """From the first playbook on, whether it is forked itself or not."""
    text = PLAYBOOK.replace("    - stat: {path: /}\n", "")
    first = await _play(warm_host, "first", text)
    await warm_host.get_warm()
    second = await _play(warm_host, "second", text)
    assert (first.result.warm, second.result.warm) == (False, True)
    counts = [read_counts(warm_host.folder(each).path) for each in ("first", "second")]
    for each in counts:
        assert each.keys() == {"warm", "async", "not_python"}
        assert (each["async"], each["not_python"]) == (1, 1)
    while warm_host.executions.describe_warm().modules != sum(counts, Counter()):  # noqa: ASYNC110 - agent
        await asyncio.sleep(0.02)  # the agent counts when the supervisor has gone
    folders = [warm_host.folder(each).path for each in ("first", "second")]
    while any(map(list_marked, folders)):  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.02)


async def test_a_run_can_do_without(warm_host: Any) -> None:
    """Then every module is an interpreter of its own."""
    await _play(warm_host, "id", PLAYBOOK.replace("    - stat: {path: /}\n", ""), warm=False)
    assert not read_counts(warm_host.folder("id").path)


async def test_plugins_of_the_content_win_over_those_that_are_loaded(warm_host: Any) -> None:
    """A plugin beside the playbook is used in a fork as in a new process."""
    await _play(warm_host, "first", WITH_OWN_PLUGINS)
    await warm_host.get_warm()
    second = await _play(warm_host, "second", WITH_OWN_PLUGINS)
    assert second.result.warm
    assert read_counts(warm_host.folder("second").path) == {"warm": 1}
