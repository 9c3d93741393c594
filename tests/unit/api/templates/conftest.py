# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the tests of templates share? Bundles of a few files."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from api.templates.content.catalogue import Catalogue, read_catalogue

ReadFiles = Callable[[dict[str, str]], Catalogue]


@pytest.fixture
def read_files(tmp_path: Path) -> ReadFiles:
    """Return what makes a bundle of texts by path, and reads its templates."""

    def read(texts: dict[str, str]) -> Catalogue:
        path = tmp_path / "bundle.tar.gz"
        with tarfile.open(path, "w:gz") as bundle:
            for name, text in texts.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                bundle.addfile(member, io.BytesIO(text.encode()))
        return read_catalogue(path)

    return read
