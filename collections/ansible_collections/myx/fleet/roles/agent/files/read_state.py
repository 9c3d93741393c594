# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an agent is on this host? Prints one JSON object; it holds secrets.

read_state.py CONFIG_FILE UNIT_FILE CURRENT_LINK
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def read_or_empty(path: str) -> str:
    """Return the file's text, or an empty one where there is no file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def decode(text: str) -> dict[str, object]:
    """Return the configuration, or nothing where it is damaged: it is written anew then."""
    try:
        config = json.loads(text)
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


if __name__ == "__main__":
    config_text = read_or_empty(sys.argv[1])
    version = Path(sys.argv[3]).resolve()
    state = {
        "config_text": config_text,
        "config": decode(config_text),
        "unit_text": read_or_empty(sys.argv[2]),
        "version_dir": str(version) if (version / "complete").exists() else "",
    }
    json.dump(state, sys.stdout)
