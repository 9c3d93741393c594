# SPDX-License-Identifier: GPL-3.0-or-later
"""How ansible-playbook finds the connection plugin, and what is counted."""

import os
from pathlib import Path

import pytest

from agent_runner.executions.playbooks.ansible_cfg import build_settings
from agent_runner.warm.modules.counts import WARM, note_module, read_counts
from agent_runner.warm.modules.settings import (
    CONNECTION_FOLDER,
    PATH_VARIABLE,
    find_execution,
    forget_settings,
)


def test_plugins_of_the_content_and_the_host_come_first(tmp_path: Path) -> None:
    """A connection plugin of the content's own that is called local stays what it is."""
    assert build_settings(tmp_path)[PATH_VARIABLE] == (
        f"~/.ansible/plugins/connection:/usr/share/ansible/plugins/connection:{CONNECTION_FOLDER}"
    )
    (tmp_path / "ansible.cfg").write_text("[defaults]\nconnection_plugins = mine\n")
    assert build_settings(tmp_path)[PATH_VARIABLE] == f"mine:{CONNECTION_FOLDER}"


def test_switched_off_nothing_is_set(tmp_path: Path) -> None:
    """Then it is the stock ansible-playbook."""
    assert PATH_VARIABLE not in build_settings(tmp_path, warm=False)


@pytest.mark.parametrize("value", [None, "theirs", f"theirs:{CONNECTION_FOLDER}"])
def test_programs_inherit_only_what_is_not_ours(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules find the environment that they find the stock way."""
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(PATH_VARIABLE, value)
    forget_settings()
    assert os.environ.get(PATH_VARIABLE) == (value if value == "theirs" else None)


def test_without_an_execution_nothing_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """There would be no folder for it."""
    assert find_execution() is None
    monkeypatch.setenv("MYX_EXECUTION_FOLDER", "/spool/id")
    assert find_execution() == Path("/spool/id")


def test_modules_are_counted_by_how_they_ran(tmp_path: Path) -> None:
    """Each leaves one line."""
    assert not read_counts(tmp_path)
    for outcome in (WARM, "async", WARM):
        note_module(tmp_path, outcome)
    assert read_counts(tmp_path) == {WARM: 2, "async": 1}
