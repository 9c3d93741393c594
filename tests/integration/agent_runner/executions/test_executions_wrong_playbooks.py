# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that cannot be played, with the real ansible-runner and ansible-playbook."""

from typing import Any

import pytest
from playbook_output import plain_text

from agent_runner.protocol.errors import BundleMissingError, InvalidParamsError


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
    assert cause in plain_text(followed.text)


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
