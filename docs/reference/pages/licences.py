# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which licences is what gets installed? From the metadata of the installed packages."""

import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pages.markdown import write_table

ROOT = Path(__file__).parents[3]

_INTRODUCTION = """# Licences

MyX is GPL-3.0-or-later (see [LICENSE](../../LICENSE)), as ansible-core is, which it imports.
This is what `make demo` installs beside it, in the versions of constraints.txt, by what each
package says of itself. The agent on a host has those marked so, and nothing else."""

_CLASSIFIER = "License :: "
_SILENT = {"", "UNKNOWN"}


def render() -> str:
    """Return the page."""
    installed = _list_closure(_read_dependencies(ROOT / "pyproject.toml"))
    on_hosts = _list_closure(_read_dependencies(ROOT / "agent_runner/pyproject.toml"))
    rows = [
        (name, found.version, _tell_licence(found), "yes" if name in on_hosts else "")
        for name, found in sorted(installed.items())
    ]
    table = write_table(["package", "version", "licence", "on hosts"], rows)
    return f"{_INTRODUCTION}\n\n{table}"


def _read_dependencies(path: Path) -> list[Requirement]:
    declared = tomllib.loads(path.read_text())["project"]["dependencies"]
    return [Requirement(line) for line in declared]


def _list_closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    """Return every distribution that the requirements bring, by canonical name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        found[name] = distribution(name)
        wanted += _list_direct(found[name], requirement.extras)
    return found


def _list_direct(package: Distribution, extras: set[str]) -> list[Requirement]:
    """Return what a package needs here, with the extras that were asked for."""
    needed = [Requirement(line) for line in package.requires or []]
    contexts = [{"extra": extra} for extra in sorted(extras)] or [{"extra": ""}]
    return [
        requirement
        for requirement in needed
        if requirement.marker is None
        or any(requirement.marker.evaluate(context) for context in contexts)
    ]


def _tell_licence(package: Distribution) -> str:
    """Return the SPDX expression, or else what the classifiers or the old field say."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return str(expression)
    field = str(about.get("License", "")).splitlines()[:1]
    classifiers = [
        name.rpartition(" :: ")[2]
        for name in about.get_all("Classifier", [])
        if name.startswith(_CLASSIFIER) and name.count(" :: ") > 1
    ]
    stated = [text for text in field if text not in _SILENT]
    return ", ".join(classifiers or stated) or "see its own files"
