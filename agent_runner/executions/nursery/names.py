# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the host's administrator tell forked processes apart in ``ps``?"""

from __future__ import annotations

import ctypes
from pathlib import Path

_PROCESS = Path("/proc/self")
_ARGUMENTS_BEGIN, _ARGUMENTS_END = 45, 46  # fields of /proc/self/stat behind the command's name


def rename_process(name: str, subject: str) -> None:
    """Show this process as ``name`` (at most 15 bytes), and what it is for behind it.

    The arguments are overwritten where the kernel put them, so what does not fit is cut off.
    """
    (_PROCESS / "comm").write_text(name, encoding="ascii")
    stat = (_PROCESS / "stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    begin, end = int(stat[_ARGUMENTS_BEGIN]), int(stat[_ARGUMENTS_END])
    title = f"{name} {subject}".strip().encode()[: end - begin - 1]
    ctypes.memmove(begin, title.ljust(end - begin, b"\0"), end - begin)
