# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unpacked content bundles may leave this host? The most recently used ones stay.

The time of a bundle's folder says when it was used last.
"""

import os
import re
from collections.abc import Collection
from pathlib import Path

from agent_runner.protocol.methods import DIGEST_PATTERN

REST_S = 3600.0
"""A bundle that was used so shortly ago stays: an execution may be about to name it."""


def note_use(bundle: Path, now: float) -> None:
    """Note that a bundle is used now; ``now`` is seconds since the epoch."""
    os.utime(bundle, (now, now))


def has_rested(bundle: Path, now: float) -> bool:
    """Tell whether nobody has used a bundle for a while."""
    return now - bundle.stat().st_mtime > REST_S


def list_removable(folder: Path, *, in_use: Collection[str], keep: int, now: float) -> list[Path]:
    """Return the bundles in a folder that may go, the last used first.

    Args:
        folder: the bundles, each under its digest.
        in_use: digests that stay whatever their age is.
        keep: how many of the others stay.
        now: seconds since the epoch.
    """
    idle = {
        path: path.stat().st_mtime
        for path in folder.iterdir()
        if re.fullmatch(DIGEST_PATTERN, path.name) and path.name not in in_use and path.is_dir()
    }
    last_used_first = sorted(idle, key=idle.__getitem__, reverse=True)
    return [path for path in last_used_first[keep:] if has_rested(path, now)]
