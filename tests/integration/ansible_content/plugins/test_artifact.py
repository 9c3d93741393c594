# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as others get it: built, installed, and used from an empty folder."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "collections/ansible_collections/myx/fleet"

PLAY = """\
- name: Use everything
  hosts: all
  gather_facts: false
  connection: local
  tasks:
    - name: Run something on the agent
      myx.fleet.run:
        command: [echo, from the agent]
        limit: "{{ inventory_hostname }}"
      register: done

    - name: Look at the host
      myx.fleet.host_info:
        name: "{{ inventory_hostname }}"
      register: found
      vars:
        ansible_python_interpreter: "{{ ansible_playbook_python }}"

    - name: Say it
      ansible.builtin.debug:
        msg: >-
          {{ done.run.status }} {{ found.hosts[0].agent.status }}
          {{ lookup('myx.fleet.fleet', 'hosts/' ~ inventory_hostname).address }}
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a collections folder with nothing but what was built and installed."""
    folder = tmp_path_factory.mktemp("installed")
    galaxy = [Path(sys.executable).with_name("ansible-galaxy"), "collection"]
    for arguments in (
        ["build", SOURCE, "--output-path", folder / "built"],
        ["install", "--offline", "--force", "--collections-path", folder / "collections"],
    ):
        artifact = list((folder / "built").glob("myx-fleet-*.tar.gz"))
        process = await asyncio.create_subprocess_exec(
            *galaxy,
            *arguments,
            *artifact,
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _nothing = await process.communicate()
        assert process.returncode == 0, output.decode()
    return folder / "collections"


@pytest.fixture
async def agent(tmp_path: Path, control_plane: ControlPlaneProcess) -> AsyncIterator[AgentProcess]:
    """Return an agent that the control plane knows as host 'local'."""
    process = AgentProcess(tmp_path / "agent")
    await process.start()
    await control_plane.post("/hosts/local/enroll", process.enrollment)
    yield process
    await process.end()


@pytest.mark.usefixtures("agent")
async def test_all_of_it_works_from_the_artifact(
    ansible: Any, tmp_path: Path, installed: Path
) -> None:
    """Inventory, modules and lookup reach a control plane and an agent, with no checkout near."""
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(installed)}
    (tmp_path / "fleet.myx.yml").write_text("plugin: myx.fleet.fleet\n")
    (tmp_path / "play.yml").write_text(PLAY)
    done = await ansible("ansible-playbook", "-i", "fleet.myx.yml", "play.yml", **paths)
    assert done.code == 0, done.out + done.err
    assert "local | from the agent" in done.out
    assert "successful online 127.0.0.1" in done.out


async def test_its_documents_come_along(ansible: Any, installed: Path) -> None:
    """What was installed is what is found, and tells of its roles and plugins."""
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(installed)}
    shown = await ansible("ansible-doc", "-j", "myx.fleet.run", **paths)
    assert shown.json["myx.fleet.run"]["doc"]["filename"].startswith(str(installed))
    roles = (await ansible("ansible-doc", "-t", "role", "-j", "-l", "myx.fleet", **paths)).json
    assert {path.name for path in (SOURCE / "roles").iterdir()} == {
        name.rpartition(".")[2] for name in roles
    }


async def test_its_playbooks_are_run_by_name(ansible: Any, installed: Path) -> None:
    """``ansible-playbook myx.fleet.NAME``, from anywhere."""
    for playbook in (SOURCE / "playbooks").glob("*.yml"):
        listed = await ansible(
            "ansible-playbook",
            *("-i", "localhost,", "--list-tasks", f"myx.fleet.{playbook.stem}"),
            ANSIBLE_COLLECTIONS_PATH=str(installed),
        )
        assert listed.code == 0, listed.out + listed.err
