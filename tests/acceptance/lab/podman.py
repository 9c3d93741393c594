# SPDX-License-Identifier: GPL-3.0-or-later
"""How is podman called, and what does its failure look like?"""

import os
import subprocess
from pathlib import Path

SETTINGS = Path(__file__).with_name("containers.conf")
"""Runtime and limits; podman reads them through CONTAINERS_CONF."""

COMMAND_TIMEOUT_S = 180
"""Longer than any single podman command takes on a busy machine."""


class LabError(Exception):
    """The lab could not do what a test asked; the message holds the program's own words."""


def run_podman(
    *args: str,
    stdin: bytes | None = None,
    check: bool = True,
    timeout_s: float = COMMAND_TIMEOUT_S,
) -> subprocess.CompletedProcess[bytes]:
    """Run podman with the lab's settings and return what it printed.

    Raises:
        LabError: podman ended with an error and ``check`` is true.
    """
    result = subprocess.run(
        ["podman", *args],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        env=os.environ | {"CONTAINERS_CONF": str(SETTINGS)},
        timeout=timeout_s,
        check=False,
    )
    if check and result.returncode:
        words = (result.stderr or result.stdout).decode(errors="replace").strip()
        raise LabError(f"podman {' '.join(args)}: exit {result.returncode}: {words}")
    return result


def ask_podman(*args: str) -> str:
    """Return podman's standard output as text, stripped."""
    return run_podman(*args).stdout.decode().strip()
