# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of the collection's plugins share? A real control plane, and Ansible."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_control_plane import ControlPlaneProcess

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True)
class Outcome:
    """What a program of Ansible said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, decoded."""
        assert self.code == 0, self.out + self.err
        return json.loads(self.out)


Ansible = Callable[..., Awaitable[Outcome]]


@pytest.fixture
async def control_plane(tmp_path: Path) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves, with an empty fleet and one playbook."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content/greet.yml").write_text(
        "- name: Greet\n  hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - name: Say hello\n      ansible.builtin.debug:\n"
        "        msg: hello {{ who | default('world') }}\n"
    )
    process = ControlPlaneProcess(tmp_path / "data", tmp_path / "content")
    await process.start()
    yield process
    await process.stop()


@pytest.fixture
def environment(control_plane: ControlPlaneProcess, tmp_path: Path) -> dict[str, str]:
    """Return the variables that AWX's credential would set, and none of this machine's."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "MYX_URL": control_plane.url,
        "MYX_TOKEN": control_plane.token,
    }


@pytest.fixture
def ansible(tmp_path: Path, environment: dict[str, str]) -> Ansible:
    """Return a function that runs a program of Ansible away from the repository."""

    async def run(program: str, *arguments: str | Path, **variables: str) -> Outcome:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name(program),
            *map(str, arguments),
            cwd=tmp_path,
            env=environment | variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Outcome(process.returncode or 0, out.decode(), err.decode())

    return run


@pytest.fixture
def play(ansible: Ansible, tmp_path: Path) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    """Return a function that runs tasks on localhost and returns the result of each."""

    async def run(*tasks: dict[str, Any], arguments: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        named = [{"name": "A task", "ignore_errors": True, **task} for task in tasks]
        head = {"name": "A play", "hosts": "localhost", "gather_facts": False}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{**head, "tasks": named}]))
        outcome = await ansible(
            "ansible-playbook", "play.yml", *arguments, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json"
        )
        return [task["hosts"]["localhost"] for task in outcome.json["plays"][0]["tasks"]]

    return run
