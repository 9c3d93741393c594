# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin with real Ansible, a real control plane and a real agent."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def agent(tmp_path: Path, control_plane: ControlPlaneProcess) -> AsyncIterator[AgentProcess]:
    """Return an agent that the control plane knows as host 'box'."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    await control_plane.post("/hosts/box/enroll", process.enrollment)
    yield process
    await process.end()


@pytest.fixture
def write_play(tmp_path: Path) -> Any:
    """Return a function that writes a play for the host, and its inventory."""

    def write(*tasks: dict[str, Any], **variables: Any) -> None:
        named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks)]
        head = {"name": "A play", "hosts": "box", "gather_facts": False, "tasks": named}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([head]))
        known = {
            "ansible_connection": "myx.fleet.agent",
            "ansible_python_interpreter": sys.executable,
            **variables,
        }
        inventory = {"all": {"hosts": {"box": known, "other": known}}}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))

    return write


@pytest.fixture
def play(ansible: Any, write_play: Any) -> Any:
    """Return a function that plays tasks on the host."""

    async def run(*tasks: dict[str, Any], **variables: Any) -> Any:
        write_play(*tasks, **variables)
        return await ansible("ansible-playbook", "-i", "hosts.yml", "play.yml")

    return run


async def test_modules_files_and_input_pass(
    play: Any, tmp_path: Path, control_plane: ControlPlaneProcess
) -> None:
    """A module, its output, a file there and back, with pipelining and without; and no run."""
    data = os.urandom(1_000_000)
    (tmp_path / "source").write_bytes(data)
    target, back = str(tmp_path / "target"), str(tmp_path / "back")
    for pipelining in (True, False):
        outcome = await play(
            {"ansible.builtin.command": {"cmd": "cat", "stdin": "hellö"}, "register": "said"},
            {"ansible.builtin.assert": {"that": ["said.stdout == 'hellö'"]}},
            {"ansible.builtin.copy": {"src": "source", "dest": target, "mode": "0600"}},
            {"ansible.builtin.fetch": {"src": target, "dest": back, "flat": True}},
            ansible_pipelining=pipelining,
        )
        assert outcome.code == 0, outcome.out + outcome.err
    assert (tmp_path / "back").read_bytes() == data
    async with control_plane.connect() as client:
        assert (await client.get("/runs")).json()["count"] == 0
        audited = (await client.get("/audit", params={"page_size": 500})).json()["results"]
    assert {"connection_exec", "connection_put_file"} <= {entry["action"] for entry in audited}


async def test_a_module_of_many_megabytes_passes(play: Any) -> None:
    """What does not fit into a request is laid down first, and is gone afterwards."""
    text = "x" * 3_000_000
    outcome = await play(
        {
            "ansible.builtin.command": {"cmd": "wc -c", "stdin": text, "stdin_add_newline": False},
            "register": "said",
        },
        {"ansible.builtin.assert": {"that": ["said.stdout == '3000000'"]}},
    )
    assert outcome.code == 0, outcome.out[-3000:] + outcome.err[-3000:]


async def test_a_missing_file_is_a_failure_and_no_lost_host(play: Any, tmp_path: Path) -> None:
    """What the host says of a file is a task's own failure."""
    missing = {"src": str(tmp_path / "none"), "dest": "x", "flat": True}
    outcome = await play({"ansible.builtin.fetch": missing})
    assert "failed=1" in outcome.out
    assert "unreachable=0" in outcome.out


async def test_who_is_not_there_is_unreachable(play: Any, agent: AgentProcess) -> None:
    """A host that MyX does not know, and one whose agent is gone, with why."""
    unknown = await play({"ansible.builtin.ping": {}}, ansible_myx_host="nobody")
    assert "unreachable=1" in unknown.out
    assert "There is no host 'nobody'" in unknown.out
    await agent.end()
    gone = await play({"ansible.builtin.ping": {}})
    assert "unreachable=1" in gone.out
    assert "cannot be reached" in gone.out


async def test_a_become_password_is_refused_with_the_remedy(play: Any) -> None:
    """There is no terminal for it, and no need of it."""
    task = {"ansible.builtin.command": "true", "become": True}
    outcome = await play(task, ansible_become_password="secret")
    assert "failed=1" in outcome.out
    assert "Leave out ansible_become_password" in outcome.out


async def test_a_delegated_task_goes_to_the_other_host(play: Any) -> None:
    """The name is the other's, although its variables tell of this one."""
    task = {"ansible.builtin.ping": {}, "delegate_to": "other", "ignore_unreachable": True}
    outcome = await play(task, {"ansible.builtin.ping": {}})
    assert "There is no host 'other'" in outcome.out
    assert "ok=2" in outcome.out


async def test_an_interrupt_ends_the_command(
    write_play: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    """What runs on the host does not outlive Ctrl-C."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    write_play({"ansible.builtin.shell": f"echo $$ >{begun}; exec sleep 600"})
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("ansible-playbook"), "-i", "hosts.yml", "play.yml"),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    pid = int(await asyncio.to_thread(begun.read_text))
    pidfd = os.pidfd_open(pid)
    os.killpg(process.pid, signal.SIGINT)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(pidfd, ended.set)
    async with asyncio.timeout(30):
        await ended.wait()
    asyncio.get_running_loop().remove_reader(pidfd)
    os.close(pidfd)
    await process.communicate()
