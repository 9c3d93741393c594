# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python of a host is chosen? The program of the role, with Pythons that only say theirs."""

import subprocess
from pathlib import Path

import pytest

PROGRAM = "collections/ansible_collections/myx/fleet/roles/agent/files/find_python.sh"


@pytest.mark.parametrize(
    ("pythons", "asked", "found"),
    [
        ({"python3": "3.11"}, "", "python3"),
        ({"python3": "3.9", "python3.12": "3.12"}, "", "python3.12"),
        ({"python3": "3.10"}, "", "has no Python 3.11, 3.12 or 3.13 ("),
        ({"python3": "3.14"}, "", "python3 is 3.14). Install one beside it."),
        ({"python3": "3.10"}, "any", "python3"),
        ({"python3": "3.14"}, "any", "python3"),
        ({"python3": "3.6", "python3.9": "3.9"}, "any", "python3.9"),
        ({"python3": "3.7"}, "any", "has no Python 3.9 or newer ("),
        ({"python3": "2.7"}, "any", "has no Python 3.9 or newer ("),
        ({"python3": "broken"}, "", "has no Python 3.11, 3.12 or 3.13 ("),
        ({}, "", "there is no python3. Install Python 3.11, 3.12 or 3.13"),
        ({}, "any", "there is no python3. Install Python 3.9 or newer"),
    ],
)
def test_the_first_that_fits_is_chosen(
    root: Path, tmp_path: Path, pythons: dict[str, str], asked: str, found: str
) -> None:
    """Or none, and then the sentence tells what there is and what is needed."""
    for name, version in pythons.items():
        path = tmp_path / name
        answer = f'case "$2" in *version*) echo {version} ;; *) echo $0 ;; esac'
        path.write_text(f"#!/bin/sh\n{answer}\n")
        path.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", root / PROGRAM, asked],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if found in pythons:
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path / found}\n", "")
    else:
        assert done.returncode == 3
        assert found in done.stderr
        assert len(done.stderr.splitlines()) == 1
