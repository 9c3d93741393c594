# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python does a bundle bring along, for hosts that have none which fits?

A CPython that can be moved, as ``uv python install`` makes them: it finds its library beside
its program.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from api.agents.install.errors import BundleError
from api.agents.install.sources import list_files

_MACHINES = {62: "x86_64", 183: "aarch64"}
"""Processors by their number in the header of an ELF file."""


@dataclass(frozen=True, slots=True)
class OwnPython:
    """A CPython on this machine.

    Attributes:
        folder: where ``bin/python3`` and ``lib/pythonX.Y`` are.
        version: X.Y.
        architecture: the processor that it is for, as ``uname -m`` names it.
        digest: SHA-256 over its files, as hexadecimal.
    """

    folder: Path
    version: str
    architecture: str
    digest: str

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Look at a folder.

        Raises:
            BundleError: there is no CPython in it.
        """
        libraries = sorted(folder.glob("lib/python3.*/os.py"))
        if len(libraries) != 1 or not (folder / "bin/python3").exists():
            raise BundleError(
                f"{folder} is no CPython that can be moved: it lacks bin/python3 or lib/python3.X. "
                "Name a folder that 'uv python install' made."
            )
        running = hashlib.sha256()
        for path in list_files(folder):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            running.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
        version = libraries[0].parent.name.removeprefix("python")
        architecture = _read_architecture(folder / "bin/python3")
        return cls(folder, version, architecture, running.hexdigest())

    def copy_to(self, destination: Path) -> None:
        """Copy it without what Python compiled."""
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(self.folder, destination, symlinks=True, ignore=ignored)


def _read_architecture(program: Path) -> str:
    """Return the processor of a program; nothing of it is run, since it may be for another one."""
    with program.open("rb") as file:
        header = file.read(20)
    machine = int.from_bytes(header[18:20], "little") if header[:4] == b"\x7fELF" else 0
    return _MACHINES.get(machine, "another processor")
