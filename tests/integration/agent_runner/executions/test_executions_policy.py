# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's administrator allows, and as whom a program runs."""

import grp
import json
import os
import pwd
from typing import Any

import pytest

from agent_runner.protocol.errors import InvalidParamsError, PolicyRefusedError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other accounts")

WHO = 'echo "$(id -un) $(id -gn) $HOME $USER $LOGNAME"'


def _set_policy(host: Any, **policy: Any) -> None:
    host.policy.write_text(json.dumps(policy))
    host.policy.chmod(0o600)


def _expect(name: str) -> str:
    account = pwd.getpwnam(name)
    group = grp.getgrgid(account.pw_gid).gr_name
    return f"{name} {group} {account.pw_dir} {name} {name}\n"


async def test_a_refused_command_leaves_nothing(host: Any) -> None:
    """A command that a rule forbids is refused by the rule's name before anything is written."""
    rule = {"name": "no-reboot", "effect": "deny", "argv": ["reboot", "..."]}
    _set_policy(host, rules=[rule])
    with pytest.raises(PolicyRefusedError) as caught:
        await host.run("id", "reboot", "--help")
    assert caught.value.data == {"rule": "no-reboot"}
    assert not host.folder("id").path.exists()


async def test_kinds_are_refused(host: Any) -> None:
    """Playbooks and scripts are refused where the policy lists commands only."""
    _set_policy(host, kinds=["command"])
    with pytest.raises(PolicyRefusedError, match="'script'"):
        await host.run_script("id", "id\n")
    with pytest.raises(PolicyRefusedError, match="'playbook'"):
        await host.play("id", "- hosts: all\n")
    assert (await host.run("id", "true")).created


async def test_a_change_of_the_policy_holds_for_the_next_start(host: Any) -> None:
    """The agent need not be restarted; what runs already is still answered by its id."""
    assert (await host.run("first", "true")).created
    await host.follow("first")
    _set_policy(host, kinds=[])
    with pytest.raises(PolicyRefusedError):
        await host.run("second", "true")
    assert not (await host.run("first", "true")).created


async def test_a_broken_policy_refuses_everything(host: Any) -> None:
    """A policy that cannot be read is no permission."""
    host.policy.write_text("{")
    host.policy.chmod(0o600)
    with pytest.raises(PolicyRefusedError, match="not a policy") as caught:
        await host.run("id", "true")
    assert caught.value.data == {"rule": "policy-file"}


async def test_the_agents_own_account_must_be_listed(host: Any) -> None:
    """Where accounts are listed, a command without one is judged by the agent's own."""
    _set_policy(host, users=["nobody"])
    with pytest.raises(PolicyRefusedError) as caught:
        await host.run("id", "true")
    assert caught.value.data == {"rule": "users"}


async def test_an_unknown_account_is_named(host: Any) -> None:
    """A command for an account that the host does not have is refused with its name."""
    with pytest.raises(InvalidParamsError, match="no account 'nobody-at-all'"):
        await host.run("id", "true", user="nobody-at-all")
    assert not host.folder("id").path.exists()


@needs_root
async def test_a_command_runs_as_the_account(host: Any) -> None:
    """Uid, gid, groups and the login's variables are the account's; the spool stays root's."""
    await host.run("id", "sh", "-c", f"{WHO}; id -G", user="nobody")
    followed = await host.follow("id")
    groups = " ".join(map(str, os.getgrouplist("nobody", pwd.getpwnam("nobody").pw_gid)))
    assert followed.text == f"{_expect('nobody')}{groups}\n"
    owners = {path.stat().st_uid for path in host.folder("id").path.iterdir()}
    assert owners == {0}


@needs_root
@pytest.mark.parametrize("first_line", ["", "#!/bin/sh\n"])
async def test_a_script_runs_as_the_account(host: Any, first_line: str) -> None:
    """An account that cannot enter the spool runs its script all the same, with arguments."""
    script = (
        f'{first_line}{WHO}\necho "$@"\nls "$MYX_EXECUTION_FOLDER" 2>/dev/null || echo closed\n'
    )
    await host.run_script("id", script, "a b", "c", user="nobody")
    followed = await host.follow("id")
    assert followed.text == f"{_expect('nobody')}a b c\nclosed\n"
    assert followed.result.success


@needs_root
async def test_a_program_of_another_account_is_ended(host: Any) -> None:
    """Cancel ends the tree of another account too."""
    await host.run("id", "sh", "-c", "sleep 300 & echo up; wait", user="nobody")
    await host.wait_for("id", b"up\n")
    await host.cancel("id")
    result = (await host.follow("id")).result
    assert (result.state, result.ended_processes) == ("canceled", 2)
    assert host.survivors("id") == []
