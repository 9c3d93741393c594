# SPDX-License-Identifier: GPL-3.0-or-later
"""Which plays has a playbook of a content bundle, with those of all the playbooks it imports?"""

import difflib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.bundles.content import BundleContent, read_bundle
from api.runs.errors import PlaybookInvalidError, PlaybookNotFoundError
from api.runs.playbook_yaml import Play, parse_playbook
from api.runs.templating import CannotRenderError, render_pattern

MAX_IMPORTS = 200
"""A playbook that imports more, or itself, is refused."""

_COLLECTION_PLAYBOOK = re.compile(r"([a-z_]\w*)\.([a-z_]\w*)\.(\w+)")
_NO_PLAYBOOKS = re.compile(
    r"(^|/)(roles|group_vars|host_vars|inventory|tasks|handlers|vars|defaults|meta|tests)/"
)


@dataclass(frozen=True, slots=True)
class PlaybookFacts:
    """What is known of a playbook without running it."""

    plays: tuple[Play, ...]
    unknown_imports: tuple[str, ...]
    """Imports that only Ansible on the host can follow, because variables are missing."""


def inspect_playbook(archive: Path, playbook: str, extra_vars: Mapping[str, Any]) -> PlaybookFacts:
    """Read a playbook and what it imports from the archive of a bundle; blocks.

    Raises:
        PlaybookNotFoundError: it, or one that it imports, is not in the bundle.
        PlaybookInvalidError: one of them is no playbook.
    """
    return _Inspection(archive, extra_vars).inspect(playbook)


class _Inspection:
    """One walk through a playbook and its imports."""

    def __init__(self, archive: Path, extra_vars: Mapping[str, Any]) -> None:
        self._content: BundleContent = read_bundle(archive)
        self._extra_vars = extra_vars
        self._plays: list[Play] = []
        self._unknown_imports: list[str] = []
        self._read = 0

    def inspect(self, playbook: str) -> PlaybookFacts:
        self._walk(playbook, importer=None, variables={})
        return PlaybookFacts(tuple(self._plays), tuple(self._unknown_imports))

    def _walk(self, name: str, importer: str | None, variables: Mapping[str, Any]) -> None:
        path, text = self._load(name, importer)
        for entry in parse_playbook(path, text):
            inherited = {**variables, **entry.variables}
            if isinstance(entry, Play):
                self._plays.append(replace(entry, variables=inherited))
                continue
            try:
                target = render_pattern(entry.target, {**inherited, **self._extra_vars})
            except CannotRenderError:
                self._unknown_imports.append(entry.target)
            else:
                self._walk(target, importer=path, variables=inherited)

    def _load(self, name: str, importer: str | None) -> tuple[str, bytes]:
        self._read += 1
        if self._read > MAX_IMPORTS:
            raise PlaybookInvalidError(
                f"{importer} imports more than {MAX_IMPORTS} playbooks. "
                "Look for one that imports itself."
            )
        candidates = _list_candidates(name, importer)
        found = self._content.read(candidates)
        for candidate in candidates:
            if candidate in found:
                return candidate, found[candidate]
        names = self._content.names
        raise PlaybookNotFoundError(_describe_missing(name, importer, names), "playbook")


def _list_candidates(name: str, importer: str | None) -> list[str]:
    """Name the files that are meant, the most likely first."""
    collection = _COLLECTION_PLAYBOOK.fullmatch(name)
    if collection:
        namespace, short_name, playbook = collection.groups()
        folder = f"collections/ansible_collections/{namespace}/{short_name}/playbooks"
        return [f"{folder}/{playbook}.yml", f"{folder}/{playbook}.yaml"]
    folder = posixpath.dirname(importer) if importer else ""
    return [posixpath.normpath(posixpath.join(folder, name))]


def _describe_missing(name: str, importer: str | None, names: frozenset[str]) -> str:
    playbooks = sorted(
        path
        for path in names
        if path.endswith((".yml", ".yaml")) and not _NO_PLAYBOOKS.search(path)
    )
    near = difflib.get_close_matches(name, playbooks, n=3, cutoff=0.5)
    base = posixpath.basename(name)
    near += [path for path in playbooks if posixpath.basename(path) == base and path not in near]
    what = f"{importer} imports the playbook {name}, which" if importer else f"The playbook {name}"
    hint = f" Did you mean {' or '.join(near[:3])}?" if near else ""
    return f"{what} is not in the content.{hint} Name its path below the content folder."
