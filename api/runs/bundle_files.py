# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a content bundle hold? Read from the archive itself, which is what hosts will run."""

import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

MAX_PLAYBOOK_BYTES = 4 * 1024 * 1024
"""Of a playbook above this only the beginning is read, which then is no valid YAML."""


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """The names of all files in a bundle, and the content of those that were asked for."""

    names: frozenset[str]
    contents: dict[str, bytes]


def read_files(archive: Path, wanted: Collection[str]) -> BundleFiles:
    """Read the names in the archive and the content of those that are ``wanted``; blocks."""
    names: set[str] = set()
    contents: dict[str, bytes] = {}
    with tarfile.open(archive, mode="r:gz") as bundle:
        for member in bundle:
            if member.isdir():
                continue
            names.add(member.name)
            file = bundle.extractfile(member) if member.name in wanted else None
            if file is not None:
                contents[member.name] = file.read(MAX_PLAYBOOK_BYTES)
    return BundleFiles(frozenset(names), contents)
