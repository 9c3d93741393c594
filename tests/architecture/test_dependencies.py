# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the two pyproject files and the pinned versions agree?"""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def test_the_agent_needs_what_the_root_says(root: Path) -> None:
    """Each dependency of the agent is one of the root's, with the same specifier."""
    ours = _read_dependencies(root / "pyproject.toml")
    agents = _read_dependencies(root / "agent_runner/pyproject.toml")
    assert agents, "agent_runner/pyproject.toml names no dependencies"
    assert {name: ours.get(name) for name in agents} == agents


def test_every_dependency_is_pinned(root: Path) -> None:
    """constraints.txt holds a version for each direct dependency, so that installs repeat."""
    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (root / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    installed_with_python = {"pip"}
    wanted = set(_read_dependencies(root / "pyproject.toml")) - installed_with_python
    assert wanted <= pinned, f"make lock: {sorted(wanted - pinned)}"


def _read_dependencies(path: Path) -> dict[str, str]:
    declared = tomllib.loads(path.read_text())["project"]["dependencies"]
    requirements = [Requirement(line) for line in declared]
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements}
