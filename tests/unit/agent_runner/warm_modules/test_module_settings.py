# SPDX-License-Identifier: GPL-3.0-or-later
"""How ansible-playbook finds the connection plugin, and what is counted."""

from pathlib import Path

import pytest

from agent_runner.executions.playbooks.ansible_cfg import build_settings
from agent_runner.warm.modules.counts import WARM, note_module, read_counts
from agent_runner.warm.modules.settings import (
    CONNECTION_FOLDER,
    PATH_VARIABLE,
    allow_warm_modules,
    find_execution,
)


def test_plugins_of_the_content_and_the_host_come_first(tmp_path: Path) -> None:
    """A connection plugin of the content's own that is called local stays what it is."""
    assert build_settings(tmp_path)[PATH_VARIABLE] == (
        f"~/.ansible/plugins/connection:/usr/share/ansible/plugins/connection:{CONNECTION_FOLDER}"
    )
    (tmp_path / "ansible.cfg").write_text("[defaults]\nconnection_plugins = mine\n")
    assert build_settings(tmp_path)[PATH_VARIABLE] == f"mine:{CONNECTION_FOLDER}"


def test_only_where_it_is_allowed_modules_run_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An execution says so by a folder of its own, and no other process is one."""
    assert find_execution() is None
    monkeypatch.setenv("MYX_EXECUTION_FOLDER", str(tmp_path))
    assert find_execution() is None
    (tmp_path / "tmp").mkdir()
    allow_warm_modules(tmp_path)
    assert find_execution() == tmp_path


def test_modules_are_counted_by_how_they_ran(tmp_path: Path) -> None:
    """Each leaves one line."""
    assert not read_counts(tmp_path)
    for outcome in (WARM, "async", WARM):
        note_module(tmp_path, outcome)
    assert read_counts(tmp_path) == {WARM: 2, "async": 1}
