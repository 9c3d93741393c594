# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = sorted(
    path.parent
    for pattern in ("roles/*/tasks", "collections/ansible_collections/*/*/roles/*/tasks")
    for path in ROOT.glob(pattern)
)
TASK_FILE_LINES = 80
"""More than that hides what a role does."""

each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def read_options(role: Path) -> dict[str, Any]:
    """Return the options of the role's main entry point."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return options


def list_untyped(options: dict[str, Any]) -> list[str]:
    """Return the options, at any depth, without a type or a description."""
    found = []
    for name, option in options.items():
        if "type" not in option or not option.get("description"):
            found.append(name)
        found += list_untyped(option.get("options", {}))
    return found


@each_role
def test_documented_defaults_are_the_real_ones(role: Path) -> None:
    """What ansible-doc says is what happens: both files have the same variables and values."""
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    documented = {
        name: option["default"]
        for name, option in read_options(role).items()
        if not option.get("required")
    }
    assert documented == defaults


@each_role
def test_every_option_is_typed_and_described(role: Path) -> None:
    """Nobody has to guess what a variable is."""
    assert not list_untyped(read_options(role))


@each_role
def test_variables_carry_the_name_of_their_role(role: Path) -> None:
    """Two roles in one play never share a variable by accident."""
    assert all(name.startswith(f"{role.name}_") for name in read_options(role))


@each_role
def test_a_role_explains_itself(role: Path) -> None:
    """Each role has a README, and each of its task files is taken in at a glance."""
    assert (role / "README.md").is_file()
    assert all(
        len(path.read_text().splitlines()) <= TASK_FILE_LINES for path in role.glob("tasks/*.yml")
    )


def test_secrets_of_the_agent_are_never_logged() -> None:
    """The options that hold a secret say so."""
    [agent] = [role for role in ROLES if role.name == "agent"]
    options = read_options(agent)
    assert options["agent_token"]["no_log"]
    assert options["agent_secret_key"]["no_log"]
