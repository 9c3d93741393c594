# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does a CPython that can be moved come from without internet? From this machine's own.

    /usr/bin/python3 movable_python.py FOLDER

Debian's program needs no library of its own beside it, so that a copy works elsewhere.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

_LEFT_OUT = ("__pycache__", "test", "site-packages", "dist-packages", "config-*")


def main(folder: Path) -> None:
    """Copy program and library of the Python that runs this."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = folder / "bin"
    programs.mkdir(parents=True)
    shutil.copy(Path(sys.base_prefix, "bin", version), programs / version)
    (programs / "python3").symlink_to(version)
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, folder / "lib" / version, ignore=shutil.ignore_patterns(*_LEFT_OUT))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
