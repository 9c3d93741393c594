# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the Ansible content lies, and how a role's program is loaded as a module."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root() -> Path:
    """Give the repository's folder."""
    return ROOT


@pytest.fixture
def load_program() -> Callable[..., ModuleType]:
    """Give a function that loads a program of a role, of ``agent`` where none is named."""

    def load(name: str, role: str = "agent") -> ModuleType:
        path = ROOT / f"collections/ansible_collections/myx/fleet/roles/{role}/files/{name}.py"
        spec = importlib.util.spec_from_file_location(f"role_{role}_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
