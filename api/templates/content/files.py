# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a bundle tell of templates? Playbooks, what they import, and roles' metadata."""

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.templates.content.content_yaml import load_yaml
from api.templates.errors import ContentYamlError

MAX_FILE_BYTES = 512 * 1024
"""A larger file is not read: it is data, not a playbook."""

MAX_TOTAL_BYTES = 16 * 1024 * 1024
MAX_FILES = 5000

YAML_ENDINGS = (".yml", ".yaml")

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
    texts: dict[str, bytes] = {}
    unread: set[str] = set()
    total_bytes = 0
    with tarfile.open(archive, mode="r:gz") as bundle:
        for member in _list_telling(bundle):
            total_bytes += member.size if member.size <= MAX_FILE_BYTES else 0
            file = bundle.extractfile(member)
            is_within = total_bytes <= MAX_TOTAL_BYTES and len(texts) < MAX_FILES
            if file is None or not is_within or member.size > MAX_FILE_BYTES:
                unread.add(member.name)
            else:
                texts[member.name] = file.read()
    return ContentFiles(texts, frozenset(unread))


def _list_telling(bundle: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in bundle:
        # No links: what they point to may be anywhere in the archive.
        is_yaml = member.isreg() and member.name.endswith(YAML_ENDINGS)
        if is_yaml and _TELLING.fullmatch(member.name):
            yield member
