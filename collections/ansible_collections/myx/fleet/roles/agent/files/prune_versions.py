# SPDX-License-Identifier: GPL-3.0-or-later
"""Which installed versions of the agent can go? Removes them and prints one a line.

    prune_versions.py VERSIONS_DIR CURRENT_LINK KEEP [--dry-run]

Kept are the current one, the newest others up to KEEP in all, and every version that a process
still uses: executions outlive the agent that started them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def find_prunable(versions: Path, current: Path, keep: int) -> list[Path]:
    """Return the folders that can go, oldest first."""
    others = [path for path in versions.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime)
    spare = others[: max(0, len(others) - (keep - 1))]
    return [path for path in spare if not is_used(path)]


def is_used(version: Path) -> bool:
    """Say whether any process runs from the version or has a file of it mapped."""
    marker = f"{version}/"
    return any(mentions(process, marker) for process in Path("/proc").glob("[0-9]*"))


def mentions(process: Path, marker: str) -> bool:
    """Say whether the process's command line or memory map names the folder."""
    try:
        words = (process / "cmdline").read_text(errors="replace").split("\0")
        return any(word.startswith(marker) for word in words) or (
            marker in (process / "maps").read_text(errors="replace")
        )
    except OSError:  # it ended meanwhile
        return False


if __name__ == "__main__":
    for folder in find_prunable(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), int(sys.argv[3])):
        if "--dry-run" not in sys.argv[4:]:
            shutil.rmtree(folder)
        sys.stdout.write(f"{folder.name}\n")
