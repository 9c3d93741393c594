# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks are forked from comes with the first of them, and goes when it is out of date."""

import asyncio
import os
import signal
from typing import Any

import pytest

TEXT = "- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: hello}}]\n"
CONFIGURATION = "[defaults]\ncallback_result_format = yaml\n"


async def _play(host: Any, command_id: str, text: str = TEXT, **params: Any) -> Any:
    await host.play(command_id, text, **params)
    return await host.follow(command_id)


async def test_the_first_playbook_does_not_wait(warm_host: Any) -> None:
    """Before anything is loaded a playbook goes the stock way; commands load nothing."""
    await warm_host.run("command", "true")
    await warm_host.follow("command")
    assert warm_host.executions.describe_warm().state == "idle"
    first = await _play(warm_host, "first")
    await warm_host.get_warm()
    second = await _play(warm_host, "second")
    assert (first.result.state, first.result.warm) == ("successful", False)
    assert (second.result.state, second.result.warm) == ("successful", True)
    status = warm_host.executions.describe_warm()
    assert (status.state, status.profiles, status.ready) == ("ready", 1, 1)
    assert (status.forks, status.fallbacks, status.restarts) == (1, {"starting": 1}, 0)


async def test_it_can_be_turned_off(warm_host: Any, host: Any) -> None:
    """Per run, or for the whole host: then nothing is loaded, and nothing is counted."""
    off = await _play(warm_host, "off", warm=False)
    assert (off.result.warm, warm_host.executions.describe_warm().state) == (False, "idle")
    never = await _play(host, "never")
    assert (never.result.warm, host.executions.describe_warm().state) == (False, "off")
    assert not warm_host.executions.describe_warm().fallbacks


async def test_a_dead_one_costs_nothing_but_time(warm_host: Any) -> None:
    """When it dies playbooks go the stock way until another one has come."""
    await _play(warm_host, "first")
    former = await warm_host.get_warm()
    os.kill(former, signal.SIGKILL)
    meanwhile = await _play(warm_host, "meanwhile")
    assert meanwhile.result.state == "successful"
    await warm_host.get_warm(former)
    assert (await _play(warm_host, "after")).result.warm
    assert warm_host.executions.describe_warm().restarts == 1


async def test_one_that_hangs_is_replaced(warm_host: Any, monkeypatch: Any) -> None:
    """A resident process that does not answer is ended, and the playbook runs all the same."""
    monkeypatch.setattr("agent_runner.warm.pool.ANSWER_TIMEOUT_S", 0.2)
    await _play(warm_host, "first")
    former = await warm_host.get_warm()
    os.kill(former, signal.SIGSTOP)
    stock = await _play(warm_host, "stock")
    assert (stock.result.state, stock.result.warm) == ("successful", False)
    assert warm_host.executions.describe_warm().fallbacks["died"] == 1
    assert await warm_host.get_warm(former) != former


async def test_it_is_replaced_when_its_settings_change(warm_host: Any) -> None:
    """An ansible.cfg that is another one now holds from the next playbook on."""
    files = {"ansible.cfg": CONFIGURATION}
    await _play(warm_host, "first", files=files)
    former = await warm_host.get_warm()
    bundle = next(warm_host.bundles.iterdir())
    bundle.joinpath("ansible.cfg").write_text("[defaults]\ncallback_result_format = json\n")
    digest = bundle.name
    changed = await _play(warm_host, "changed", bundle=digest)
    assert not changed.result.warm
    assert '"msg": "hello"' in changed.text
    assert warm_host.executions.describe_warm().fallbacks["out_of_date"] == 1
    await warm_host.get_warm(former)
    after = await _play(warm_host, "after", bundle=digest)
    assert after.result.warm
    assert '"msg": "hello"' in after.text


async def test_settings_that_come_are_noticed(warm_host: Any) -> None:
    """An ansible.cfg that was not there before is not overlooked."""
    await _play(warm_host, "first")
    await warm_host.get_warm()
    bundle = next(warm_host.bundles.iterdir())
    bundle.joinpath("ansible.cfg").write_text(CONFIGURATION)
    changed = await _play(warm_host, "changed", bundle=bundle.name)
    assert (changed.result.state, changed.result.warm) == ("successful", False)


async def test_what_cannot_be_forked_is_counted(warm_host: Any) -> None:
    """With a log file of Ansible's own, which a fork would not have open, all goes as before."""
    log = warm_host.state / "ansible.log"
    files = {"ansible.cfg": f"[defaults]\nlog_path = {log}\n"}
    await _play(warm_host, "first", files=files)
    pool = warm_host.executions._supervisors.warm
    async with asyncio.timeout(60):
        while True:
            if next(iter(pool._places.values())).obstacle != "starting":
                break
            await asyncio.sleep(0.01)
    again = await _play(warm_host, "again", files=files)
    assert (again.result.state, again.result.warm) == ("successful", False)
    assert warm_host.executions.describe_warm().fallbacks["open_files"] == 1
    assert "hello" in log.read_text()


async def test_each_content_has_its_own(warm_host: Any) -> None:
    """Playbooks of other content are never forked from it; the one used longest ago leaves."""
    texts = [f"{TEXT}  # {number}\n" for number in range(3)]
    for number, text in enumerate(texts):
        await _play(warm_host, f"id-{number}", text)
        await warm_host.get_warm()
    status = warm_host.executions.describe_warm()
    assert (status.profiles, status.fallbacks) == (2, {"starting": 3})


async def test_an_idle_one_ends(warm_host: Any, monkeypatch: Any) -> None:
    """When nobody has used it for long it goes; the next playbook brings another."""
    monkeypatch.setattr("agent_runner.warm.pool.IDLE_S", 0.5)
    await _play(warm_host, "first")
    pool = warm_host.executions._supervisors.warm
    async with asyncio.timeout(60):
        while True:
            if not pool._places:
                break
            await asyncio.sleep(0.01)
    assert warm_host.executions.describe_warm().state == "idle"
    monkeypatch.undo()
    await _play(warm_host, "second")
    await warm_host.get_warm()


async def test_it_is_replaced_before_it_grows(warm_host: Any, monkeypatch: Any) -> None:
    """After so many forks another one takes its place."""
    monkeypatch.setattr("agent_runner.warm.pool.MAX_FORKS", 1)
    await _play(warm_host, "first")
    former = await warm_host.get_warm()
    assert (await _play(warm_host, "second")).result.warm
    assert await warm_host.get_warm(former) != former


async def test_it_ends_with_its_agent(warm_host: Any) -> None:
    """It leaves with the agent that has started it; what was forked from it goes on."""
    text = "- hosts: all\n  gather_facts: false\n  tasks: [{pause: {seconds: 2}}]\n"
    await _play(warm_host, "first", text)
    resident = await warm_host.get_warm()
    await warm_host.play("forked", text)
    await warm_host.wait_for("forked", b"TASK")
    await warm_host.restart()
    with pytest.raises(ProcessLookupError):
        os.kill(resident, 0)
    followed = await warm_host.follow("forked")
    assert (followed.result.state, followed.result.warm) == ("successful", True)
