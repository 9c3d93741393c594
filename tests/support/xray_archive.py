# SPDX-License-Identifier: GPL-3.0-or-later
"""How do hosts under test get an archive of Xray like that of its makers?

Run as a program it writes the archive and prints its SHA-256:
``python tests/support/xray_archive.py FILE [NOTE]``. Another note makes another archive.
"""

import hashlib
import sys
import zipfile
from importlib import metadata
from pathlib import Path

PACKAGE = "Xray-core"
PROGRAM = Path(__file__).with_name("xray_program.py")


def make_archive(path: Path, note: str = "") -> str:
    """Write an archive with the real core, and return its SHA-256."""
    distribution = metadata.distribution(PACKAGE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _add(archive, "xray", PROGRAM.read_bytes(), 0o755)
        _add(archive, "NOTE", note.encode(), 0o644)
        for file in sorted(distribution.files or []):
            if file.parts[0] == "xray":
                _add(archive, f"lib/{file}", Path(str(file.locate())).read_bytes(), 0o644)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(folder: Path) -> Path:
    """Unpack an archive into a new folder, and return that."""
    folder.mkdir()
    path = folder.with_suffix(".zip")
    make_archive(path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


if __name__ == "__main__":
    sys.stdout.write(make_archive(Path(sys.argv[1]), *sys.argv[2:3]) + "\n")
