# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bundle's ansible.cfg says and what MyX sets beside it."""

from pathlib import Path

import pytest

from agent_runner.executions.playbooks.ansible_cfg import CALLBACK_FOLDER, build_settings


def _write(bundle: Path, text: str) -> dict[str, str]:
    (bundle / "ansible.cfg").write_text(text)
    return build_settings(bundle)


def test_without_a_file_the_bundles_folders_are_used(tmp_path: Path) -> None:
    """Roles and collections beside the playbooks are found, before the host's own."""
    settings = build_settings(tmp_path)
    assert "ANSIBLE_CONFIG" not in settings
    assert settings["ANSIBLE_ROLES_PATH"].startswith(f"{tmp_path}/roles:~/.ansible/roles")
    assert settings["ANSIBLE_COLLECTIONS_PATH"].startswith(f"{tmp_path}/collections:")
    assert settings["ORIGINAL_STDOUT_CALLBACK"] == "default"


def test_the_file_decides_where_it_says_something(tmp_path: Path) -> None:
    """Paths and callbacks of the file survive; ours come before them, not instead."""
    settings = _write(
        tmp_path,
        "[defaults]\nroles_path = r ; comment\ncollections_path=c\ncallback_plugins=mine\n"
        "stdout_callback = yaml\n",
    )
    assert settings["ANSIBLE_CONFIG"] == str(tmp_path / "ansible.cfg")
    assert not {"ANSIBLE_ROLES_PATH", "ANSIBLE_COLLECTIONS_PATH"} & settings.keys()
    assert settings["ANSIBLE_CALLBACK_PLUGINS"] == f"{CALLBACK_FOLDER}:mine"
    assert settings["ORIGINAL_STDOUT_CALLBACK"] == "yaml"


@pytest.mark.parametrize("text", ["", "no section", "[other]\nx = 1\n", "[defaults]\n[defaults]\n"])
def test_a_file_without_use_is_left_to_ansible(tmp_path: Path, text: str) -> None:
    """A file that is empty or broken is handed on, for Ansible to complain about."""
    settings = _write(tmp_path, text)
    assert settings["ANSIBLE_CONFIG"] == str(tmp_path / "ansible.cfg")
    assert settings["ORIGINAL_STDOUT_CALLBACK"] == "default"
