# SPDX-License-Identifier: GPL-3.0-or-later
"""How many modules of an execution ran in a ready interpreter, and why did the others not?

Each module leaves one line in a file of the execution's folder: the workers that run them share
nothing else.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COUNTS_NAME = "warm-modules"
"""The file in the execution's folder."""

WARM = "warm"
"""The line of a module that ran in a ready interpreter; all others are reasons."""


def note_module(folder: Path, outcome: str) -> None:
    """Write down how a module ran: ``WARM``, or the reason for the stock way.

    Raises:
        OSError: the folder cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    fd = os.open(folder / COUNTS_NAME, flags, 0o600)
    try:
        os.write(fd, f"{outcome}\n".encode())
    finally:
        os.close(fd)


def read_counts(folder: Path) -> Counter[str]:
    """Return how many modules of an execution ran in which way; empty where none did."""
    try:
        text = (folder / COUNTS_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Counter()
    return Counter(text.splitlines())
