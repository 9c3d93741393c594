# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of AWX: the project in /runner/project, ansible-runner, and AWX's variables.

AWX starts ansible-runner on the execution node with a private data folder; so do these tests,
with what AWX's RunJob puts into it. Only the container is missing.
"""

import json
import re
import stat
import subprocess
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[4]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))

RUNNER = """
import json, sys
import ansible_runner

parameters = json.loads(sys.argv[1])
result = ansible_runner.run(**parameters)
print("STATUS", result.status, json.dumps(result.stats))
"""

Job = Callable[..., tuple[str, dict[str, Any], str]]


class Unsafe(str):
    """A text in which AWX lets nobody put templates."""

    __slots__ = ()


yaml.SafeDumper.add_representer(
    Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", text)
)


def list_path_variables(project: Path, runner: Path, release: str) -> dict[str, str]:
    """Return AWX's paths: requirements first, then those of the project's ansible.cfg."""
    config = dict(
        re.findall(r"^(\w+) = (.*)$", (project / "ansible.cfg").read_text(), re.MULTILINE)
    )
    old = release == "24"
    setting, variable = (
        ("collections_paths", "ANSIBLE_COLLECTIONS_PATHS")
        if old
        else ("collections_path", "ANSIBLE_COLLECTIONS_PATH")
    )
    collections = ["~/.ansible/collections", "/usr/share/ansible/collections"]
    collections = [config[name] for name in (setting,) if name in config] + collections
    roles = [config["roles_path"], "~/.ansible/roles", "/usr/share/ansible/roles"]
    return {
        variable: ":".join([f"{runner}/requirements_collections", *collections]),
        "ANSIBLE_ROLES_PATH": ":".join([f"{runner}/requirements_roles", *roles]),
    }


def list_variables(runner: Path) -> dict[str, str]:
    """Return what AWX sets for each job, whatever the project."""
    return {
        "JOB_ID": "7",
        "INVENTORY_ID": "2",
        "PROJECT_REVISION": "0" * 40,
        "AWX_HOST": "https://awx.example.org",
        "AWX_PRIVATE_DATA_DIR": str(runner),
        "ANSIBLE_FORCE_COLOR": "True",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(runner / "cp"),
        "MAX_EVENT_RES": "700000",
    }


@pytest.fixture
def job(tmp_path: Path, clone: Any, run: Any, home: dict[str, str]) -> Job:
    """Return a function that runs a playbook as a job, and returns status, numbers and output."""
    runner = tmp_path / "runner"
    project = clone(runner / "project")

    def start(
        playbook: str,
        extra_vars: Mapping[str, Any],
        *arguments: str,
        hosts: Mapping[str, Any] | None = None,
        release: str = "devel",
    ) -> tuple[str, dict[str, Any], str]:
        prepare_runner(runner, extra_vars, arguments, hosts or {"all": {"hosts": ["local"]}})
        variables = list_variables(runner) | list_path_variables(project, runner, release)
        parameters = {
            "ident": "7",
            "private_data_dir": str(runner),
            "playbook": playbook,
            "inventory": str(runner / "inventory/hosts"),
            "envvars": variables,
            "suppress_env_files": True,
        }
        return read_outcome(run(["python", "-c", RUNNER, json.dumps(parameters)], tmp_path, home))

    return start


def prepare_runner(
    runner: Path, extra_vars: Mapping[str, Any], arguments: tuple[str, ...], hosts: Any
) -> None:
    """Write what AWX writes into the private data folder."""
    for name in ("env", "inventory", "cp", "artifacts"):
        (runner / name).mkdir(exist_ok=True)
    meta = {"awx_job_id": 7, "awx_job_launch_type": Unsafe("manual"), "awx_user_name": Unsafe("a")}
    (runner / "env/extravars").write_text(yaml.safe_dump({**meta, **extra_vars}))
    (runner / "env/cmdline").write_text(" ".join(("-u root", *arguments)))
    settings = {"job_timeout": 0, "suppress_ansible_output": False, "suppress_output_file": True}
    (runner / "env/settings").write_text(json.dumps(settings))
    local = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    listed = json.dumps({**hosts, "_meta": {"hostvars": {"local": local}}})
    script = runner / "inventory/hosts"
    script.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({listed!r})\n")
    script.chmod(stat.S_IRWXU)


def read_outcome(done: subprocess.CompletedProcess[str]) -> tuple[str, dict[str, Any], str]:
    """Read what the runner said at its end."""
    said = re.search(r"^STATUS (\w+) (.*)$", done.stdout, re.MULTILINE)
    assert said is not None, done.stdout + done.stderr
    return said[1], json.loads(said[2]) or {}, done.stdout + done.stderr


def test_the_demo_is_a_job(job: Job, tmp_path: Path) -> None:
    """A survey's values arrive as texts without templates; the second job changes nothing."""
    values = {"host_card_dir": Unsafe(str(tmp_path / "card")), "host_card_title": Unsafe("{{ x }}")}
    status, stats, output = job("playbooks/demo.yml", values, "--diff")
    assert status == "successful", output
    assert stats["changed"]["local"] > 0
    assert "{{ x }}" in (tmp_path / "card/public/index.html").read_text()
    status, stats, output = job("playbooks/demo.yml", values, "--diff")
    assert (status, stats["changed"]) == ("successful", {}), output


def test_a_job_of_the_type_check_changes_nothing(job: Job, tmp_path: Path) -> None:
    """AWX's job type "check" is ansible-playbook's check mode."""
    values = {"host_card_dir": Unsafe(str(tmp_path / "card"))}
    status, _stats, output = job("playbooks/demo.yml", values, "--check")
    assert status == "successful", output
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize("release", ["devel", "24"])
def test_each_playbook_finds_its_roles(job: Job, tmp_path: Path, release: str) -> None:
    """Whatever AWX says of paths, roles and collections of the project are found."""
    imports = [{"import_playbook": path.name} for path in PLAYBOOKS]
    (tmp_path / "runner/project/playbooks/all.yml").write_text(yaml.safe_dump(imports))
    status, _stats, output = job("playbooks/all.yml", {}, "--list-tasks", release=release)
    assert status == "successful", output
    assert output.count("\n  play #") >= len(PLAYBOOKS)


def is_offered_as_inventory(path: Path) -> bool:
    """Say whether AWX has the file in the list of a project's inventory files."""
    if path.suffix == ".ini":
        return True
    with path.open() as file:
        return not path.suffix and all(
            re.match(r"[a-zA-Z0-9_.=\[\]]", line) for line in islice(file, 10)
        )


def test_the_inventory_files_are_offered() -> None:
    """AWX looks at names and at the first ten lines: comments and empty ones hide a file."""
    offered = {
        path.name
        for path in (ROOT / "inventory").iterdir()
        if path.is_file() and is_offered_as_inventory(path)
    }
    assert offered == {"local", "example.ini"}


@pytest.mark.parametrize(
    ("kind", "option"), [("role", "--roles-path"), ("collection", "--collections-path")]
)
def test_the_requirements_can_be_installed(
    tmp_path: Path,
    clone: Any,
    run: Any,
    home: dict[str, str],
    localize: Any,
    *,
    kind: str,
    option: str,
) -> None:
    """A project update installs them before each job that needs it."""
    project = clone(tmp_path / "projects/_7__myx")
    localize(project / "collections/requirements.yml")
    cache = tmp_path / "projects/.__awx_cache/_7__myx/stage"
    done = run(
        [
            *("ansible-galaxy", kind, "install"),
            *("-r", project / f"{kind}s/requirements.yml"),
            *(option, cache / f"requirements_{kind}s"),
        ],
        project,
        home | {"ANSIBLE_LOCAL_TEMP": str(cache / "tmp")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
