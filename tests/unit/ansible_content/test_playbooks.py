# SPDX-License-Identifier: GPL-3.0-or-later
import configparser
from pathlib import Path

import agent_runner


def test_playbooks_are_thin(root: Path) -> None:
    """An entry point names hosts and roles; the work is in the roles."""
    playbooks = list((root / "playbooks").glob("*.yml"))
    assert playbooks
    assert all(len(path.read_text().splitlines()) <= 30 for path in playbooks)


def test_playbooks_find_their_content_from_any_folder(root: Path) -> None:
    """Collections and roles lie beside the playbooks by links that stay in the content."""
    for name in ("collections", "roles"):
        link = root / "playbooks" / name
        assert link.is_symlink()
        assert str(link.readlink()) == f"../{name}"


def test_the_configuration_has_no_path_of_a_machine(root: Path) -> None:
    """All paths of the content are relative to ansible.cfg, so that any clone works."""
    config = configparser.ConfigParser()
    config.read(root / "ansible.cfg")
    first = {
        key: config["defaults"][key].split(":")[0] for key in ("collections_path", "roles_path")
    }
    assert first == {"collections_path": "collections", "roles_path": "roles"}
    assert config["defaults"]["inventory"] == "inventory/local"


def test_the_content_has_the_version_of_the_program(root: Path) -> None:
    """VERSION travels with the content to the hosts."""
    assert (root / "VERSION").read_text().strip() == agent_runner.__version__
