# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the host's administrator tell forked processes apart in ``ps``?"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROCESS = Path("/proc/self")
_ARGUMENTS = 45, 46  # fields of /proc/self/stat behind the command's name: begin and end
_ENVIRONMENT = 47, 48

_PR_SET_MM, _ARGUMENTS_END, _ENVIRONMENT_END = 35, 9, 11


def rename_process(name: str, subject: str) -> None:
    """Show this process as ``name`` (at most 15 bytes), and what it is for behind it.

    The arguments are overwritten where the kernel put them, so what does not fit is cut off.
    """
    (_PROCESS / "comm").write_text(name, encoding="ascii")
    _overwrite(_ARGUMENTS, f"{name} {subject}".strip().encode())


def show_program(name: str, argv: list[str], environment: dict[str, str]) -> None:
    """Show this process as if it had been started with these arguments and this environment.

    Nothing of the process may point into the environment that the kernel gave it any more.
    """
    (_PROCESS / "comm").write_text(name, encoding="ascii")
    libc = ctypes.CDLL(None)
    entries = [f"{key}={value}" for key, value in environment.items()]
    for fields, end_of, texts in (
        (_ARGUMENTS, _ARGUMENTS_END, argv),
        (_ENVIRONMENT, _ENVIRONMENT_END, entries),
    ):
        end = _overwrite(fields, _join(texts))
        # Without the right to do so, readers see zeros behind it.
        libc.prctl(_PR_SET_MM, end_of, ctypes.c_ulong(end), 0, 0)


def _join(texts: Iterable[str]) -> bytes:
    return b"\0".join(text.encode(errors="surrogateescape") for text in texts)


def _overwrite(fields: tuple[int, int], text: bytes) -> int:
    """Write into an area of this process's memory that ``/proc`` shows; return where it ends."""
    stat = (_PROCESS / "stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    begin, end = (int(stat[field]) for field in fields)
    text = text[: end - begin - 1]
    ctypes.memmove(begin, text.ljust(end - begin, b"\0"), end - begin)
    return begin + len(text) + 1
