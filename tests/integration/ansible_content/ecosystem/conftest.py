# SPDX-License-Identifier: GPL-3.0-or-later
"""What do AWX and Semaphore have of the repository? A clone, another user, and their variables."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[4]
BIN = Path(sys.executable).parent
COMMUNITY = ROOT / ".myx/community"

CONTENT = ("ansible.cfg", "VERSION", "awx", "collections", "inventory", "playbooks", "roles")
"""What Ansible reads; a clone has all the rest beside it."""

UNPRIVILEGED = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
"""A user who is not root and may write only to what belongs to whoever runs the tests."""

Clone = Callable[[Path], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone() -> Clone:
    """Return a function that copies what a clone of the repository would hold."""

    def make(target: Path) -> Path:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *CONTENT],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if not (ROOT / name).is_symlink() and not (ROOT / name).exists():
                continue  # removed, and not yet committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
        return target

    return make


@pytest.fixture
def run() -> Run:
    """Return a function that runs a program of Ansible as another user, with these variables."""

    def start(
        arguments: Sequence[str | Path], folder: Path, variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        program, *rest = map(str, arguments)
        return subprocess.run(
            [*UNPRIVILEGED, BIN / program, *rest],
            cwd=folder,
            env={"PATH": f"{BIN}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return start


@pytest.fixture(scope="session")
def community() -> Path:
    """Return where other people's collections are; brought once."""
    wanted = ("awx/awx", "community/docker", "community/library_inventory_filtering_v1")
    if not all((COMMUNITY / "ansible_collections" / name).is_dir() for name in wanted):
        subprocess.run([ROOT / "tests/collection/community", *wanted], check=True)
    return COMMUNITY


@pytest.fixture
def localize(community: Path) -> Callable[[Path], None]:
    """Return a function that lets requirements come from here instead of from Ansible Galaxy."""

    def change(file: Path) -> None:
        required = yaml.safe_load(file.read_text())["collections"]
        names = {each["name"].replace(".", "/") for each in required}
        # What needs it names it too, and would look for it in Galaxy.
        names |= {"community/library_inventory_filtering_v1"} if names else set()
        folders = [community / "ansible_collections" / name for name in sorted(names)]
        assert all(folder.is_dir() for folder in folders), f"not in {community}: {names}"
        entries = [{"name": str(folder), "type": "dir"} for folder in folders]
        file.write_text(yaml.safe_dump({"collections": entries}))

    return change


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a user whose home folder cannot be written to.

    Ansible itself needs a place then, which AWX is told in its settings for jobs.
    """
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o555)
    return {
        "HOME": str(folder),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(tmp_path / "ansible/tmp"),
    }
