# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of Semaphore: its folder, its few variables, a terminal, and survey values as texts."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[4]
BIN = Path(sys.executable).parent
PROJECT = json.loads((ROOT / "semaphore/project.json").read_text())
PLAYBOOKS = sorted(f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml"))

Task = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, clone: Any) -> Path:
    """Return the clone that Semaphore makes for a template."""
    cloned: Path = clone(tmp_path / "semaphore/project_1/repository_1_template_2")
    return cloned


@pytest.fixture
def variables(repository: Path) -> dict[str, str]:
    """Return what Semaphore sets; it passes on nothing else of its own environment."""
    return {
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_FORCE_COLOR": "True",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(repository.parents[1]),
        "PWD": str(repository),
        "MYX_URL": "https://myx.example.org",
    }


@pytest.fixture
def task(repository: Path, variables: dict[str, str]) -> Task:
    """Return a function that runs ansible-playbook on a terminal, as Semaphore does."""

    def start(*arguments: str, code: int = 0) -> str:
        inventory = repository.parent / "repository_1_template_2_inventory_3"
        inventory.write_text("[web]\nlocal ansible_connection=local\n")
        master, slave = pty.openpty()
        with subprocess.Popen(
            [BIN / "ansible-playbook", "-i", inventory, *arguments],
            cwd=repository,
            env=variables,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        ) as process:
            os.close(slave)
            output = read_terminal(master)
        assert process.returncode == code, output
        return output

    return start


def read_terminal(master: int) -> str:
    """Read until the last program has closed the terminal."""
    output = b""
    try:
        while piece := os.read(master, 65536):
            output += piece
    except OSError as error:
        if error.errno != errno.EIO:  # how Linux says that nobody writes any more
            raise
    finally:
        os.close(master)
    return output.decode()


def describe(survey: dict[str, Any]) -> str:
    """Return the extra variables as Semaphore passes them: one JSON text."""
    details = {"id": 5, "username": "admin", "url": None, "commit_hash": "0" * 40}
    return json.dumps({**survey, "semaphore_vars": {"task_details": details}})


def test_the_demo_is_a_task(task: Task, tmp_path: Path) -> None:
    """Survey values arrive as texts; the output has colours; twice changes nothing."""
    given = describe({"host_card_dir": str(tmp_path / "card"), "host_card_title": "A card"})
    first = task("--diff", "--extra-vars", given, "playbooks/demo.yml")
    assert "\x1b[0;33mchanged" in first
    assert "A card" in (tmp_path / "card/public/index.html").read_text()
    plain = re.sub(r"\x1b\[[\d;]*m", "", task("--extra-vars", given, "playbooks/demo.yml"))
    assert re.search(r"changed=0 .* failed=0", plain)


def test_values_in_files_are_not_templated(task: Task, tmp_path: Path) -> None:
    """Newer releases pass the variables in a file, each text of it marked as unsafe."""
    file = tmp_path / "task_5_extra_vars_1.yml"
    file.write_text(
        f'host_card_dir: !unsafe "{tmp_path}/card"\nhost_card_title: !unsafe "{{{{ x }}}}"\n'
    )
    task("--extra-vars", f"@{file}", "playbooks/demo.yml")
    assert "{{ x }}" in (tmp_path / "card/public/index.html").read_text()


def test_a_dry_run_changes_nothing(task: Task, tmp_path: Path) -> None:
    """Semaphore's dry run is check mode."""
    given = describe({"host_card_dir": str(tmp_path / "card")})
    task("--check", "--extra-vars", given, "playbooks/demo.yml")
    assert not (tmp_path / "card").exists()


def test_each_playbook_finds_its_roles(task: Task) -> None:
    """From the clone, by the links beside the playbooks."""
    output = task("--list-tasks", "--extra-vars", describe({}), *PLAYBOOKS)
    assert output.count("\nplaybook: ") == len(PLAYBOOKS)


def test_the_requirements_can_be_installed(
    repository: Path, variables: dict[str, str], localize: Any
) -> None:
    """Before each task, from the folder of the playbook and from that of the repository."""
    localize(repository / "collections/requirements.yml")
    for kind, folder in (
        ("collection", "playbooks/collections"),
        ("collection", "collections"),
        ("role", "playbooks/roles"),
        ("role", "roles"),
    ):
        file = f"{folder}/requirements.yml"
        done = subprocess.run(
            [BIN / "ansible-galaxy", kind, "install", "-r", file, "--force"],
            cwd=repository,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_project_can_be_restored() -> None:
    """What Semaphore checks of a backup: each thing that is named is there, once."""
    names = {
        kind: [each["name"] for each in PROJECT[kind]]
        for kind in ("keys", "repositories", "environments", "inventories", "templates")
    }
    assert all(len(each) == len(set(each)) for each in names.values())
    for inventory in PROJECT["inventories"]:
        assert inventory["ssh_key"] in names["keys"]
        assert (ROOT / inventory["inventory"]).is_file()
    assert all(each["ssh_key"] in names["keys"] for each in PROJECT["repositories"])
    for template in PROJECT["templates"]:
        assert template["repository"] in names["repositories"]
        assert template["inventory"] in names["inventories"]
        assert [template["environment"]] == template["environments"] == names["environments"]
        json.loads(template["arguments"])
    for environment in PROJECT["environments"]:
        assert json.loads(environment["json"]) == {}
        assert set(json.loads(environment["env"])) == {"MYX_URL"}


def test_each_playbook_has_a_template() -> None:
    """The project has all that the repository can do."""
    assert {each["playbook"] for each in PROJECT["templates"]} == set(PLAYBOOKS)


def test_choices_are_texts() -> None:
    """Semaphore reads values of choices as texts and nothing else."""
    fields = [field for each in PROJECT["templates"] for field in each["survey_vars"]]
    assert {field["type"] for field in fields} <= {"", "int", "enum", "secret"}
    for field in fields:
        for value in field.get("values", []):
            assert isinstance(value["value"], str)
            assert yaml.safe_load(value["value"]) is not None
