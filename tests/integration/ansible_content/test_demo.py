# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def play(folder: Path, *arguments: str) -> str:
    """Run the demo from a folder that is not the repository, and return its output."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "ansible-playbook",
            *("--inventory", ROOT / "inventory/local", ROOT / "playbooks/demo.yml"),
            *("--extra-vars", f"host_card_dir={folder}/card"),
            *arguments,
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_works_from_anywhere_and_changes_nothing_twice(tmp_path: Path) -> None:
    """A page about this host is written; the second run finds nothing to do."""
    first = play(tmp_path, "--diff")
    assert "+<!doctype html>" in first
    assert "<h2>System</h2>" in (tmp_path / "card/public/index.html").read_text()
    assert re.search(r"changed=0 .* failed=0", play(tmp_path))


def test_the_demo_can_be_checked_before_it_runs(tmp_path: Path) -> None:
    """Check mode works on a host that has nothing yet, and writes nothing."""
    play(tmp_path, "--check", "--diff")
    assert not (tmp_path / "card").exists()
