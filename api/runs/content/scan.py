# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks can a playbook come to? Those in its plays, in their roles, and in what they include.

What is named by a template, or comes from a collection outside the content, is not followed.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.bundles.content import read_bundle
from api.runs.content.findings import Finding, look_at_play, look_at_task
from api.runs.playbook_yaml import Play
from api.templates.content.content_yaml import load_yaml
from api.templates.errors import ContentYamlError

MAX_ROUNDS = 8
"""How deep includes are followed."""

MAX_TASKS = 20_000
"""Entries that are looked at; the rest of a playbook of that size is not."""

_PREFIXES = ("", "ansible.builtin.", "ansible.legacy.")
_FILE_KEYS = tuple(p + k for p in _PREFIXES for k in ("include_tasks", "import_tasks"))
_ROLE_KEYS = tuple(p + k for p in _PREFIXES for k in ("include_role", "import_role"))
_SECTIONS = ("pre_tasks", "tasks", "post_tasks", "handlers")
_BLOCKS = ("block", "rescue", "always")
_ENDINGS = (".yml", ".yaml")


def find_differences(archive: Path, plays: Sequence[Play]) -> list[Finding]:
    """Find all that means something else where each host runs these plays by itself; blocks."""
    scan = _Scan()
    for play in plays:
        scan.look_at_play(play)
    content = read_bundle(archive)
    for _ in range(MAX_ROUNDS):
        if not scan.has_wishes:
            break
        wanted = scan.take_wishes(content.names)
        for path, text in sorted(content.read(wanted).items()):
            scan.look_at_file(path, text)
    return list(dict.fromkeys(scan.findings))


@dataclass
class _Scan:
    """One walk; remembers which files are to be read and which were."""

    findings: list[Finding] = field(default_factory=list)
    _files: set[str] = field(default_factory=set)
    _roles: set[tuple[str, str]] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)
    _tasks: int = 0

    @property
    def has_wishes(self) -> bool:
        """Whether there is something more to read."""
        return bool(self._files or self._roles)

    def take_wishes(self, names: frozenset[str]) -> set[str]:
        """Return the files that are to be read next, as far as they are in the archive."""
        folders = {folder for role in self._roles for folder in _list_role_folders(*role)}
        in_roles = {name for name in names if _is_in_role(name, folders)}
        wanted = (self._files & names | in_roles) - self._read
        self._read |= wanted
        self._files, self._roles = set(), set()
        return wanted

    def look_at_play(self, play: Play) -> None:
        """Look at a play and its tasks, and note its roles."""
        place = f"{play.path}, play '{play.body.get('name') or ':'.join(play.hosts)}'"
        self.findings += look_at_play(place, play.body)
        for section in _SECTIONS:
            self._look_at_tasks(play.path, play.body.get(section))
        for role in _as_list(play.body.get("roles")):
            name = role.get("role", role.get("name")) if isinstance(role, Mapping) else role
            self._want_role(play.path, name)
            if isinstance(role, Mapping):
                self.findings += look_at_task(f"{place}, role '{name}'", role)

    def look_at_file(self, path: str, text: bytes) -> None:
        """Look at a file of tasks or at a role's dependencies; Ansible will speak of wrong YAML."""
        try:
            document = load_yaml(path, text)
        except ContentYamlError:
            return
        if isinstance(document, list):
            self._look_at_tasks(path, document)
        elif isinstance(document, Mapping) and path.endswith(("meta/main.yml", "meta/main.yaml")):
            for role in _as_list(document.get("dependencies")):
                self._want_role(path, role.get("role") if isinstance(role, Mapping) else role)

    def _look_at_tasks(self, path: str, tasks: Any) -> None:
        for number, task in enumerate(_as_list(tasks), start=1):
            self._tasks += 1
            if not isinstance(task, Mapping) or self._tasks > MAX_TASKS:
                continue
            place = f"{path}, task '{task.get('name') or number}'"
            self.findings += look_at_task(place, task)
            self._follow(path, task)
            for block in _BLOCKS:
                self._look_at_tasks(path, task.get(block))

    def _follow(self, path: str, task: Mapping[str, Any]) -> None:
        for key in _FILE_KEYS:
            value = task.get(key)
            name = value.get("file") if isinstance(value, Mapping) else value
            if isinstance(name, str):
                folder = posixpath.dirname(path)
                self._files.add(posixpath.normpath(posixpath.join(folder, name.split()[0])))
        for key in _ROLE_KEYS:
            value = task.get(key)
            if isinstance(value, Mapping):
                self._want_role(path, value.get("name"))

    def _want_role(self, path: str, name: Any) -> None:
        if isinstance(name, str) and name and "{{" not in name:
            self._roles.add((path, name))


def _list_role_folders(path: str, name: str) -> Iterator[str]:
    """List where a role may lie that a file names."""
    parts = name.split(".")
    if len(parts) == 3:  # noqa: PLR2004 - namespace, collection, role
        yield f"collections/ansible_collections/{parts[0]}/{parts[1]}/roles/{parts[2]}"
    folder = posixpath.dirname(path)
    yield posixpath.normpath(posixpath.join(folder, "roles", name))
    yield f"roles/{name}"
    if "/roles/" in f"/{path}":
        before = f"/{path}".rpartition("/roles/")[0]
        yield posixpath.normpath(f"{before}/roles/{name}").lstrip("/")


def _is_in_role(name: str, folders: set[str]) -> bool:
    """Say whether a file holds tasks, handlers or dependencies of one of these roles."""
    role, _, kind = posixpath.dirname(name).rpartition("/")
    return role in folders and kind in {"tasks", "handlers", "meta"} and name.endswith(_ENDINGS)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
