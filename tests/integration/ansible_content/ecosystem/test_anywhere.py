# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks find their content from the repository's root, from beside them, from elsewhere."""

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
NAMES = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))


@pytest.mark.parametrize("folder", [".", "playbooks", "../elsewhere"])
def test_playbooks_find_their_roles(tmp_path: Path, clone: Any, run: Any, folder: str) -> None:
    """With no variable of Ansible set; only the root has the project's ansible.cfg."""
    root = clone(tmp_path / "clone")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").mkdir()
    done = run(
        ["ansible-playbook", "-i", root / "inventory/local", "--list-tasks"]
        + [root / "playbooks" / name for name in NAMES],
        root / folder,
        {"HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nplaybook: ") == len(NAMES)
