# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a bundle tell of templates? Playbooks, what they import, and roles' metadata."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.bundles.content import YAML_ENDINGS, read_bundle
from api.templates.content.content_yaml import load_yaml
from api.templates.errors import ContentYamlError

MAX_FILE_BYTES = 512 * 1024
"""A larger file is not read: it is data, not a playbook."""

MAX_TOTAL_BYTES = 16 * 1024 * 1024
MAX_FILES = 5000

_TELLING = re.compile(
    r"""
    (?! (?:.*/)? (?:files|templates|molecule|tests|changelogs) / )  # data, and what nobody runs
    (?:
        collections/ansible_collections/[^/]+/[^/]+/
        (?: playbooks/.* | roles/[^/]+/(?:meta|defaults|vars)/[^/]* )
      | (?! collections/ ) (?: .*/ )? roles/[^/]+/(?:meta|defaults|vars)/[^/]*
      | (?! collections/ | (?:.*/)? roles/ ) .*
    )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ContentFiles:
    """The YAML files of a bundle that tell of templates, by path."""

    texts: dict[str, bytes]
    unread: frozenset[str] = frozenset()
    """Files beyond the limits."""

    def load(self, path: str) -> Any:
        """Read a file; None where there is no such file.

        Raises:
            ContentYamlError: it cannot be read.
        """
        if path in self.unread:
            raise ContentYamlError(f"{path} is too large to be looked at.")
        text = self.texts.get(path)
        return None if text is None else load_yaml(path, text)

    def find(self, stem: str) -> str | None:
        """Return the path of ``stem`` with one of YAML's endings, or None."""
        for ending in YAML_ENDINGS:
            if stem + ending in self.texts or stem + ending in self.unread:
                return stem + ending
        return None


def read_content(archive: Path) -> ContentFiles:
    """Read the files of a bundle that tell of templates; blocks."""
    content = read_bundle(archive)
    wanted: list[str] = []
    unread: set[str] = set()
    total_bytes = 0
    for name, size in content.yaml_sizes.items():
        if not _TELLING.fullmatch(name):
            continue
        total_bytes += size if size <= MAX_FILE_BYTES else 0
        is_within = total_bytes <= MAX_TOTAL_BYTES and len(wanted) < MAX_FILES
        if is_within and size <= MAX_FILE_BYTES:
            wanted.append(name)
        else:
            unread.add(name)
    return ContentFiles(content.read(wanted), frozenset(unread))
