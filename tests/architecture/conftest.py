# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files and modules do the rules of the house hold for?"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("api", "agent_runner")
PYTHON_FOLDERS = (*SOURCES, "tests", "docs", "collections", "playbooks", "roles", "inventory")


def _list_python(folders: tuple[str, ...]) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def source_files() -> list[Path]:
    """Return the modules of the control plane and the agent."""
    return _list_python(SOURCES)


@pytest.fixture(scope="session")
def python_files() -> list[Path]:
    """Return every Python file of the project, tests and plugins included."""
    return _list_python(PYTHON_FOLDERS)
