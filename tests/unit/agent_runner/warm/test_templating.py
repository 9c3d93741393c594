# SPDX-License-Identifier: GPL-3.0-or-later
"""Templating is made ready without a plugin being loaded for it."""

import importlib
import sys
from typing import Any

import pytest

from agent_runner.warm.templating import prepare_templating

BITS = "ansible._internal._templating._jinja_bits"


@pytest.fixture
def lexers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return where Ansible keeps its lexers; it is empty."""
    bits: Any = importlib.import_module(BITS)
    lexers = type(bits.AnsibleEnvironment._lexer_cache)(50)
    monkeypatch.setattr(bits.AnsibleEnvironment, "_lexer_cache", lexers)
    return lexers


def test_the_lexer_of_a_playbook_is_there(lexers: Any) -> None:
    """An environment as each worker makes it finds its lexer."""
    prepare_templating()
    (made,) = lexers.values()
    assert importlib.import_module(BITS).AnsibleEnvironment().lexer is made


def test_no_plugin_is_loaded_for_it(lexers: Any) -> None:
    """Filters and tests are plugins: which there are, each playbook finds out by itself."""
    loaders: Any = importlib.import_module("ansible.plugins.loader")
    before = set(sys.modules), dict(vars(loaders.filter_loader)), dict(vars(loaders.test_loader))
    prepare_templating()
    after = set(sys.modules), dict(vars(loaders.filter_loader)), dict(vars(loaders.test_loader))
    assert after == before
    assert len(lexers.keys()) == 1


def test_extended_templates_are_left_to_playbooks(
    lexers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extension is code of somebody's, which the resident process does not load."""
    constants: Any = importlib.import_module("ansible.constants")
    monkeypatch.setattr(constants.config, "get_config_value", lambda _name: ["some.extension"])
    prepare_templating()
    assert not lexers.keys()
