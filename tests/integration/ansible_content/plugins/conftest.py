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
import pytest_asyncio
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
Play = Callable[..., Awaitable[list[Any]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlaneProcess]:
    """Return a control plane that serves the tests of a file, with one playbook."""
    folder = tmp_path_factory.mktemp("control-plane")
    (folder / "content").mkdir()
    (folder / "content/greet.yml").write_text(
        "- name: Greet\n  hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - name: Say hello\n      ansible.builtin.debug:\n"
        "        msg: hello {{ who | default('world') }}\n"
    )
    process = ControlPlaneProcess(folder / "data", folder / "content")
    await process.start()
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def control_plane(serving: ControlPlaneProcess) -> ControlPlaneProcess:
    """Return the control plane, with an empty fleet."""
    async with serving.connect() as client:
        for host in (await client.get("/hosts")).json()["results"]:
            await client.delete(f"/hosts/{host['name']}")
        for group in (await client.get("/groups")).json()["results"]:
            await client.delete(f"/groups/{group['name']}?detach=true")
    return serving


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
def play_file(tmp_path: Path) -> Callable[..., None]:
    """Return a function that writes ``play.yml`` with tasks whose results are kept."""

    def write(*tasks: dict[str, Any]) -> None:
        named = [
            {"name": f"Task {number}", "ignore_errors": True, "register": f"r{number}", **task}
            for number, task in enumerate(tasks)
        ]
        results = ", ".join(f"r{number}" for number in range(len(tasks)))
        told = {"content": f"{{{{ [{results}] | to_json }}}}", "dest": str(tmp_path / "results")}
        keep = {"name": "Keep", "ansible.builtin.copy": told, "check_mode": False, "diff": False}
        head = {"name": "A play", "hosts": "localhost", "gather_facts": False}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{**head, "tasks": [*named, keep]}]))

    return write


@pytest.fixture
def play(ansible: Ansible, tmp_path: Path, play_file: Callable[..., None]) -> Play:
    """Return a function that runs tasks on localhost, and returns the result of each."""

    async def run(*tasks: dict[str, Any], arguments: tuple[str, ...] = ()) -> list[Any]:
        play_file(*tasks)
        outcome = await ansible("ansible-playbook", "play.yml", *arguments)
        (tmp_path / "output").write_text(outcome.out)
        assert outcome.code == 0, outcome.out + outcome.err
        kept: list[Any] = json.loads((tmp_path / "results").read_text())
        return kept

    return run
