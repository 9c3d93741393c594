# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins that were loaded before are found as if the playbook had loaded them itself."""

import sys
from types import ModuleType

import pytest

from agent_runner.warm.releasing import _ByFile

NAME = "ansible.plugins.callback.of_this_test"


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> _ByFile:
    """Return one plugin by its file, whose name Python does not know."""
    monkeypatch.setitem(sys.modules, NAME, ModuleType(NAME))  # what the test adds goes with it
    del sys.modules[NAME]
    return _ByFile({"/a/plugin.py": ModuleType(NAME)})


def test_a_plugin_that_is_taken_is_known_by_its_name(plugins: _ByFile) -> None:
    """Ansible looks a plugin's module up by its name when it warns of it."""
    assert "/a/plugin.py" in plugins
    assert NAME not in sys.modules
    assert plugins["/a/plugin.py"] is sys.modules[NAME]


def test_the_plugin_that_came_first_by_a_name_stays(plugins: _ByFile) -> None:
    """Where the content's own plugin has the name, the loader asks Python, as ever."""
    sys.modules[NAME] = ModuleType(NAME)
    assert "/a/plugin.py" not in plugins
    assert "/another/plugin.py" not in plugins
