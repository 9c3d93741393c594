# SPDX-License-Identifier: GPL-3.0-or-later
"""What was loaded before changes nothing for those who were not told of it."""

import importlib
import sys

import pytest

from agent_runner.warm.loading import load_plugins


def test_plugins_do_not_take_the_names_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lookups ``list`` and ``dict`` are loaded, and ``list`` is still what it was."""
    package = importlib.import_module("ansible.plugins.lookup")
    for name in ("list", "dict"):
        monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}", raising=False)
        monkeypatch.delattr(package, name, raising=False)
    load_plugins("lookup", ["list", "dict"])
    assert f"{package.__name__}.list" in sys.modules
    assert not {"list", "dict"} & vars(package).keys()
