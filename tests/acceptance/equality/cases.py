# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cases are there, and how is each to be run?

A case is a playbook below ``content/cases``. Its first lines say what it shows, as comments; a
line that begins with ``#:`` is YAML and says how it is run (see ``Options``).
"""

import shutil
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).with_name("content")
"""What the hosts get: the cases and all that they use."""

VARIANTS = Path(__file__).with_name("variants")
"""Files that are laid over the content, a folder a variant: an ``ansible.cfg``, other plugins."""

_CASES = CONTENT / "cases"
_MARK = "#:"


@dataclass(frozen=True)
class Options:
    """How a case is run, and what shows that it does what it is there for."""

    check: bool = False
    diff: bool = False
    verbosity: int = 0
    tags: list[str] = field(default_factory=list)
    skip_tags: list[str] = field(default_factory=list)
    extra_vars: dict[str, Any] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    variant: str | None = None
    """The folder of ``variants`` that is laid over the content."""

    reset: str = ""
    """A shell command that takes the host back to where the case begins."""

    editions: list[str] = field(default_factory=lambda: ["true"])
    """Shell commands that change the host; it is run both ways after each."""

    state: str = "successful"
    """How the execution ends."""

    says: list[str] = field(default_factory=list)
    """What stands in the output, so that two runs which both do nothing are not taken for equal."""

    interrupts: bool = False
    """It ends modules in their middle, and what they leave then is a matter of chance."""

    unordered: bool = False
    """The order of lines and events is not determined."""


@dataclass(frozen=True)
class Case:
    """One playbook of the corpus."""

    name: str
    playbook: str
    options: Options


def list_cases() -> list[Case]:
    """Return all cases, by name."""
    return [_read(path) for path in sorted(_CASES.rglob("*.yml"))]


def copy_content(variant: str | None, folder: Path) -> Path:
    """Copy the content, with a variant laid over it, into a new folder."""
    shutil.copytree(CONTENT, folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    if variant is not None:
        shutil.copytree(VARIANTS / variant, folder, symlinks=True, dirs_exist_ok=True)
    return folder


def _read(path: Path) -> Case:
    lines = path.read_text(encoding="utf-8").splitlines()
    head = "\n".join(line.removeprefix(_MARK) for line in lines if line.startswith(_MARK))
    given = yaml.safe_load(head) or {}
    unknown = given.keys() - {each.name for each in fields(Options)}
    if unknown:
        raise ValueError(f"{path}: unknown options: {', '.join(sorted(unknown))}")
    name = path.relative_to(_CASES).with_suffix("")
    return Case(str(name), str(path.relative_to(CONTENT)), Options(**given))
