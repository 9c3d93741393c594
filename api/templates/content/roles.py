# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the roles of the content ask for? Their argument specs, and those of what they need."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.templates.content.files import ContentFiles
from api.templates.content.plays import RoleUse, read_role
from api.templates.errors import ContentYamlError
from api.templates.options import Spec, read_spec

MAX_ROLES = 200
"""Roles of one playbook with all that they depend on; more are not looked at."""

_COLLECTION_ROLE_PARTS = 3


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """What one use of a role asks for."""

    role: str
    spec: Spec
    provided: frozenset[str]
    """Variables that are set where it is used: nobody is asked for them."""
    settled: frozenset[str]
    """Variables that the role itself sets or has defaults for: they are never missing."""


class RoleReader:
    """Reads the roles that one playbook uses."""

    def __init__(self, files: ContentFiles, playbook: str, warnings: list[str]) -> None:
        self._files = files
        self._folder = posixpath.dirname(playbook)
        self._warnings = warnings
        self._seen: set[RoleUse] = set()

    def read(self, use: RoleUse, collections: tuple[str, ...] = ()) -> list[RoleSpec]:
        """Return what a role asks for, after the roles that it depends on."""
        if use in self._seen or len(self._seen) >= MAX_ROLES:
            return []
        self._seen.add(use)
        folder = self._find_folder(use.name, collections)
        if folder is None:
            return []
        meta = self._load(folder, "meta/main")
        specs: list[RoleSpec] = []
        dependencies = meta.get("dependencies")
        for entry in dependencies if isinstance(dependencies, list) else ():
            dependency = read_role(entry, use.provided)
            if dependency is not None:
                specs += self.read(dependency, _enclosing_collection(folder) + collections)
        entries = self._load(folder, "meta/argument_specs").get("argument_specs")
        entry_point = _get(entries or meta.get("argument_specs"), use.entry_point)
        if entry_point is not None and use.is_validated:
            specs.append(self._describe(use, folder, entry_point))
        return specs

    def _describe(self, use: RoleUse, folder: str, entry_point: Mapping[str, Any]) -> RoleSpec:
        spec = read_spec(f"role {use.name}", entry_point, self._warnings)
        settled = {*self._load(folder, "defaults/main"), *self._load(folder, "vars/main")}
        return RoleSpec(use.name, spec, use.provided, frozenset(settled))

    def _find_folder(self, name: str, collections: tuple[str, ...]) -> str | None:
        if "{{" in name:
            self._warnings.append(f"Which role '{name}' is, only the host knows.")
            return None
        for folder in self._list_folders(name, collections):
            if any(path.startswith(f"{folder}/") for path in self._files.texts):
                return folder
        self._warnings.append(f"The role '{name}' tells no arguments in the content.")
        return None

    def _list_folders(self, name: str, collections: tuple[str, ...]) -> list[str]:
        parts = name.split(".")
        if len(parts) == _COLLECTION_ROLE_PARTS:
            return [_collection_role(".".join(parts[:2]), parts[2])]
        own = _enclosing_collection(f"{self._folder}/") + collections
        beside = [f"{self._folder}/roles/{name}", f"{self._folder}/{name}"] if self._folder else []
        return [*(_collection_role(each, name) for each in own), *beside, f"roles/{name}"]

    def _load(self, folder: str, stem: str) -> dict[str, Any]:
        path = self._files.find(f"{folder}/{stem}")
        try:
            value = self._files.load(path) if path else None
        except ContentYamlError as error:
            if error.message not in self._warnings:
                self._warnings.append(error.message)
            return {}
        return value if isinstance(value, dict) else {}


def _collection_role(collection: str, name: str) -> str:
    return f"collections/ansible_collections/{collection.replace('.', '/', 1)}/roles/{name}"


def _enclosing_collection(folder: str) -> tuple[str, ...]:
    """Return the collection in which a folder lies, or nothing."""
    parts = folder.split("/")
    if parts[:2] != ["collections", "ansible_collections"] or len(parts) <= _COLLECTION_ROLE_PARTS:
        return ()
    return (f"{parts[2]}.{parts[3]}",)


def _get(entries: Any, name: str) -> Mapping[str, Any] | None:
    entry = entries.get(name) if isinstance(entries, dict) else None
    return entry if isinstance(entry, dict) else None
