# SPDX-License-Identifier: GPL-3.0-or-later
"""``execution-environment.yml`` as ansible-builder reads it."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


def test_ansible_builder_makes_a_context_of_it(tmp_path: Path) -> None:
    """The image gets the project's requirements, and the Ansible that the tests run with."""
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-builder"), "create"),
            *("--file", ROOT / "execution-environment.yml", "--context", tmp_path),
            *("--output-filename", "Containerfile"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    containerfile = (tmp_path / "Containerfile").read_text()
    constraints = (ROOT / "constraints.txt").read_text()
    pins = dict(re.findall(r"^(ansible-\w+)==(.*)$", constraints, re.MULTILINE))
    for name in ("ansible-core", "ansible-runner"):
        assert f"{name}=={pins[name]}" in containerfile
    built = tmp_path / "_build/requirements.yml"
    assert built.read_text() == (ROOT / "collections/requirements.yml").read_text()
