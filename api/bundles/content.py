# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files does a content bundle hold, and what is in them? Read from the archive once.

The archive is what hosts will run, and never changes: it is named by its digest. To look into it is
to unpack it from its beginning, so its YAML files are kept from the first time on, as far as they
are no larger than people write them.
"""

import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

MAX_READ_BYTES = 4 * 1024 * 1024
"""Of a file above this only the beginning is read, which then is no valid YAML."""

MAX_KEPT_FILE_BYTES = 512 * 1024
MAX_KEPT_BYTES = 16 * 1024 * 1024
"""Of one archive; what goes beyond is read again when it is asked for."""

KEPT_ARCHIVES = 2
"""A run reads its content several times; the next run's content mostly is the same."""

YAML_ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True)
class BundleContent:
    """The files of a bundle."""

    archive: Path
    names: frozenset[str]
    """All files and links, without folders."""
    yaml_sizes: Mapping[str, int]
    """Bytes of the YAML files that are no links, in the order of the archive."""
    _kept: Mapping[str, bytes] = field(repr=False)

    def read(self, wanted: Collection[str]) -> dict[str, bytes]:
        """Return the content of those files that are ``wanted`` and are there; may block."""
        found = {name: self._kept[name] for name in wanted if name in self._kept}
        missing = (self.names & set(wanted)) - found.keys()
        return found | _read_again(self.archive, missing) if missing else found


def read_bundle(archive: Path) -> BundleContent:
    """Read which files there are; blocks unless it was read lately."""
    facts = archive.stat()
    return _read_bundle(archive, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=KEPT_ARCHIVES)
def _read_bundle(archive: Path, _mtime_ns: int, _size: int) -> BundleContent:
    names: set[str] = set()
    yaml_sizes: dict[str, int] = {}
    kept: dict[str, bytes] = {}
    total_bytes = 0
    with tarfile.open(archive, mode="r:gz") as bundle:
        for member in bundle:
            if member.isdir():
                continue
            names.add(member.name)
            # No links: what they point to may be anywhere in the archive.
            if not (member.isreg() and member.name.endswith(YAML_ENDINGS)):
                continue
            yaml_sizes[member.name] = member.size
            if member.size > MAX_KEPT_FILE_BYTES or total_bytes + member.size > MAX_KEPT_BYTES:
                continue
            file = bundle.extractfile(member)
            if file is not None:
                kept[member.name] = file.read()
                total_bytes += member.size
    return BundleContent(archive, frozenset(names), yaml_sizes, kept)


def _read_again(archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    with tarfile.open(archive, mode="r:gz") as bundle:
        for member in bundle:
            file = bundle.extractfile(member) if member.name in wanted else None
            if file is not None:
                contents[member.name] = file.read(MAX_READ_BYTES)
    return contents
