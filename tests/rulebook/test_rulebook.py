# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ansible-rulebook answers what happens, whoever of all is killed meanwhile."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yaml
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".myx/rulebook/bin"

WAIT_S = 120.0
"""Nothing here takes so long; Java takes a while on a machine that is busy."""

SITE = """# Configure a site
- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: Check that it answers
      ansible.builtin.command: "{{ check_program }}"
      changed_when: false
"""

LOOK_AFTER = """# Answer a run that failed
- name: Look after it
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Tell what was seen
      ansible.builtin.debug:
        msg: "looked after run {{ ansible_eda.event.run.id }}, {{ ansible_eda.event.run.name }}"
"""

RULEBOOK = [
    {
        "name": "Answer what happens in the fleet",
        "hosts": "all",
        "sources": [
            {"myx.fleet.events": {"events": ["run_failed", "run_successful"], "state_file": "at"}}
        ],
        "rules": [
            {
                "name": "Look after a run that failed",
                "condition": 'event.event == "run_failed"',
                "action": {"run_playbook": {"name": "look_after.yml"}},
            },
            {
                "name": "Say which one is well",
                "condition": 'event.event == "run_successful"',
                "action": {"debug": {"msg": "run {{ event.run.id }} is well"}},
            },
        ],
    }
]

pytestmark = [
    pytest.mark.skipif(not shutil.which("java"), reason="ansible-rulebook needs Java 17 or newer"),
    pytest.mark.skipif(
        not (PROGRAMS / "ansible-rulebook").exists(), reason="make rulebook installs it"
    ),
]


class Rulebook:
    """ansible-rulebook as a process that can be killed, over all its starts."""

    def __init__(self, folder: Path, control_plane: ControlPlaneProcess) -> None:
        """Take the folder that it runs in."""
        self._folder = folder
        self._control_plane = control_plane
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._grown = asyncio.Event()
        self.output = ""

    async def start(self) -> None:
        """Start it."""
        self._process = await asyncio.create_subprocess_exec(
            PROGRAMS / "ansible-rulebook",
            *("--rulebook", "rulebook.yml", "--inventory", "inventory.yml"),
            cwd=self._folder,
            env={
                **os.environ,
                "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
                "HOME": str(self._folder),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
                "MYX_URL": self._control_plane.url,
                "MYX_TOKEN": self._control_plane.token,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    async def kill(self) -> None:
        """End it and what it started in the middle of whatever they do."""
        if self._process is None or self._reading is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reading
        self._process = None

    async def wait_for(self, is_there: Callable[[], bool]) -> None:
        """Wait until something is there, which it tells by its output or by a file."""
        try:
            async with asyncio.timeout(WAIT_S):
                while not is_there():  # noqa: ASYNC110 - another process's doing
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pytest.fail(self.output)

    async def wait_for_words(self, words: str) -> None:
        """Wait until it has written something."""
        await self.wait_for(lambda: words in self.output)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.output += line.decode()


@pytest.fixture
async def control_plane(tmp_path: Path) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves, with an agent as its host."""
    agent = AgentProcess(tmp_path / "agent")
    await agent.start()
    (tmp_path / "content").mkdir()
    (tmp_path / "content/site.yml").write_text(SITE)
    process = ControlPlaneProcess(tmp_path / "data", tmp_path / "content")
    await process.start()
    await process.post("/hosts/local/enroll", agent.enrollment)
    yield process
    await process.stop()
    await agent.end()


@pytest.fixture
async def rulebook(tmp_path: Path, control_plane: ControlPlaneProcess) -> AsyncIterator[Rulebook]:
    """Return an ansible-rulebook that has a rule for what fails; not started yet."""
    folder = tmp_path / "rulebook"
    folder.mkdir()
    (folder / "rulebook.yml").write_text(yaml.safe_dump(RULEBOOK))
    (folder / "look_after.yml").write_text(LOOK_AFTER)
    (folder / "inventory.yml").write_text("all: {hosts: {localhost: {}}}\n")
    process = Rulebook(folder, control_plane)
    yield process
    await process.kill()


async def run(control_plane: ControlPlaneProcess, program: str) -> int:
    """Let a playbook run on the host to its end, and return the run's number."""
    body = {
        "kind": "playbook",
        "playbook": "site.yml",
        "extra_vars": {"check_program": program},
        "limit": "local",
    }
    run_id: int = (await control_plane.post("/runs", body))["id"]
    async for _ in control_plane.follow(run_id):
        pass
    return run_id


async def test_rules_answer_each_run_whoever_is_killed(
    rulebook: Rulebook, control_plane: ControlPlaneProcess, tmp_path: Path
) -> None:
    """Also what failed while ansible-rulebook was away, and behind a control plane that was."""
    await run(control_plane, "/bin/false")
    await rulebook.start()
    await rulebook.wait_for((tmp_path / "rulebook/at").exists)
    first = await run(control_plane, "/bin/false")
    well = await run(control_plane, "/bin/true")
    await rulebook.wait_for_words(f"looked after run {first}, site.yml")
    await rulebook.wait_for_words(f"run {well} is well")
    assert f"looked after run {first - 1}," not in rulebook.output

    await rulebook.kill()
    second = await run(control_plane, "/bin/false")
    rulebook.output = ""
    await rulebook.start()
    await rulebook.wait_for_words(f"looked after run {second}, site.yml")
    assert f"looked after run {first}," not in rulebook.output

    await control_plane.stop(signal.SIGKILL)
    await control_plane.start()
    third = await run(control_plane, "/bin/false")
    await rulebook.wait_for_words(f"looked after run {third}, site.yml")
