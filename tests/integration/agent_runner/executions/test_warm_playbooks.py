# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that is forked from what has loaded Ansible is what a new process would be."""

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

SELF = """
- hosts: all
  gather_facts: false
  vars: {fact: "{{ lookup('pipe', 'true') }}"}
  tasks:
    - name: What the process is
      debug:
        msg: "{{ lookup('pipe', command) }}"
      vars:
        command: >-
          cd /proc/$PPID; grep -E '^(Umask|Uid|Gid|Groups):' status; cat comm limits;
          grep -E '^(SigIgn|SigBlk):' /proc/self/status;
          tr -s '\\0' '\\n' <environ | sort; tr -s '\\0' ' ' <cmdline; readlink cwd; ls fd;
          env -u PWD -u OLDPWD | sort; umask; echo $OLDPWD
"""

MISTAKES = {
    "syntax": ("- hosts: all\n  tasks: [{nothing_like_it: 1}]\n", {}),
    "yaml": ("- hosts: [\n", {}),
    "missing": ("[]", {"playbook": "playbooks/other.yml"}),
    "failing": ("- hosts: all\n  gather_facts: false\n  tasks: [{fail: {msg: no}}]\n", {}),
    "modes": (
        """
- hosts: all
  gather_facts: false
  tasks:
    - {copy: {content: new, dest: /tmp/myx-is-never-made}, tags: [a]}
    - {debug: {msg: left out}, tags: [b]}
""",
        {"check": True, "diff": True, "tags": ["a"], "verbosity": 1},
    ),
}


async def _play(host: Any, command_id: str, text: str, **params: Any) -> Any:
    await host.play(command_id, text, **params)
    return await host.follow(command_id)


async def _warm_up(host: Any, text: str, **params: Any) -> int:
    """Run it once, so that the process that it can be forked from is there."""
    await _play(host, f"before-{abs(hash(text))}", text, **params)
    pid: int = await host.get_warm()
    return pid


def _compare_output(warm: Any, stock: Any) -> None:
    """Compare each of the two streams; which of them is read first is nobody's decision."""
    assert _normalize(warm.stdout, "forked") == _normalize(stock.stdout, "stock-1")
    assert _normalize(warm.stderr, "forked") == _normalize(stock.stderr, "stock-1")


def _normalize(data: bytes, command_id: str) -> str:
    """Return output without what differs from one stock run to the next."""
    text = data.decode().replace(command_id, "ID")
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|ansible-local-\w+", "X", text)
    return re.sub(r"MYX_EVENTS_FD=\d+|_=\S+", "", text)


async def test_it_is_what_a_new_process_would_be(warm_host: Any) -> None:
    """Environment, arguments, name, umask, limits, signals, accounts, descriptors: all the same."""
    await _warm_up(warm_host, SELF)
    stock = await _play(warm_host, "stock-1", SELF, warm=False)
    warm = await _play(warm_host, "forked", SELF)
    assert (stock.result.warm, warm.result.warm) == (False, True)
    _compare_output(warm, stock)
    assert [each["event"] for each in warm.events] == [each["event"] for each in stock.events]


@pytest.mark.parametrize("name", sorted(MISTAKES))
async def test_mistakes_and_modes_end_alike(warm_host: Any, name: str) -> None:
    """Exit code, state, reason and output of what goes wrong are those of the stock way."""
    text, params = MISTAKES[name]
    await _warm_up(warm_host, text, **params)
    stock = await _play(warm_host, "stock-1", text, warm=False, **params)
    warm = await _play(warm_host, "forked", text, **params)
    assert (stock.result.warm, warm.result.warm) == (False, True)
    for field in ("state", "return_code", "reason_code", "reason"):
        assert getattr(warm.result, field) == getattr(stock.result, field)
    _compare_output(warm, stock)


async def test_it_sees_nothing_of_another(warm_host: Any) -> None:
    """Variables, scratch files, identifiers and random numbers of one are not those of another."""
    text = """
- hosts: all
  gather_facts: false
  tasks:
    - debug: {msg: "secret is {{ secret | default('unknown') }}; {{ 1000000000 | random }}"}
    - set_fact: {kept: "{{ secret | default('none') }}"}
    - debug: {msg: "tmp {{ lookup('config', 'DEFAULT_LOCAL_TMP') }}"}
"""
    resident = await _warm_up(warm_host, text)
    first = await _play(warm_host, "first", text, extra_vars={"secret": "of-the-first"})
    second = await _play(warm_host, "second", text)
    assert first.result.warm
    assert second.result.warm
    assert "of-the-first" in first.text
    assert "secret is unknown" in second.text
    assert "of-the-first" not in second.text
    assert not {each["uuid"] for each in first.events} & {each["uuid"] for each in second.events}
    numbers = {re.search(r"; (\d+)", each.text)[1] for each in (first, second)}  # type: ignore[index]
    assert len(numbers) == 2
    assert b"first" not in _read_shown(resident)
    assert b"of-the-first" not in _read_memory(resident)


async def test_it_leaves_no_scratch_files(warm_host: Any) -> None:
    """What Ansible keeps for itself lies in the execution's folder, and goes when it ends."""
    text = """
- hosts: all
  gather_facts: false
  tasks: [{debug: {msg: "{{ lookup('pipe', 'ls -d $ANSIBLE_LOCAL_TEMP/*') }}"}}]
"""
    await _warm_up(warm_host, text)
    followed = await _play(warm_host, "forked", text)
    assert followed.result.warm
    assert f"{warm_host.folder('forked').tmp}/ansible-local-" in followed.text
    assert not warm_host.folder("forked").tmp.exists()


async def test_a_cancel_ends_the_tree(warm_host: Any) -> None:
    """The fork is the supervisor's child, so a cancel ends it and all that it has started."""
    text = """
- hosts: all
  gather_facts: false
  tasks:
    - shell: "setsid sleep 1000 & echo $! >{{ inventory_dir }}/../up; wait"
      when: not (quick | default(false))
"""
    await _warm_up(warm_host, text, extra_vars={"quick": True})
    await warm_host.play("forked", text)
    up = warm_host.folder("forked").runner / "up"
    async with asyncio.timeout(60):
        while True:
            if up.exists() and up.read_text():
                break
            await asyncio.sleep(0.01)
    sleeper = int(up.read_text())
    assert sleeper in warm_host.survivors("forked")
    await warm_host.cancel("forked")
    followed = await warm_host.follow("forked")
    assert (followed.result.state, followed.result.warm) == ("canceled", True)
    assert followed.result.ended_processes >= 3
    with pytest.raises(ProcessLookupError):
        os.kill(sleeper, 0)
    assert not warm_host.survivors("forked")


async def test_a_killed_supervisor_leaves_what_can_be_found(warm_host: Any) -> None:
    """A fork shows its execution in its environment, so that the agent ends it all the same."""
    text = """
- hosts: all
  gather_facts: false
  tasks: [{pause: {seconds: "{{ seconds | default(1000) }}"}}]
"""
    await _warm_up(warm_host, text, extra_vars={"seconds": 1})
    await warm_host.play("forked", text)
    await warm_host.wait_for("forked", b"TASK")
    assert warm_host.survivors("forked")
    os.kill(warm_host.supervisor_pid("forked"), signal.SIGKILL)
    followed = await warm_host.follow("forked")
    assert followed.result.state == "lost"
    assert not warm_host.survivors("forked")


def _read_shown(pid: int) -> bytes:
    """Return what everybody may see of a process."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline"))


def _read_memory(pid: int) -> bytes:
    """Return all that a process has in its writable memory."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, modes = line.split()[:2]
            begin, end = (int(each, 16) for each in area.split("-"))
            if modes.startswith("rw"):
                memory.seek(begin)
                found.append(memory.read(end - begin))
    return b"".join(found)
