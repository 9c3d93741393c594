# SPDX-License-Identifier: GPL-3.0-or-later
"""Has something changed that a new ``ansible-playbook`` would load otherwise?

Every file that was loaded is looked at, but for Python's own: these change together with the
interpreter. The places where modules and settings are looked for are looked at too, since what
was not there may come.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Look = tuple[int, int, int] | None
"""What tells two versions of a file apart; None where there is none."""


class Freshness:
    """What the files were like when they were loaded."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._looks = {path: _look_at(path) for path in paths}

    def find_change(self) -> str | None:
        """Return a file that is another one now, or None."""
        for path, look in self._looks.items():
            if _look_at(path) != look:
                return path
        return None


def list_sources(cwd: str) -> Iterator[str]:
    """Return the files and folders that decide what a new ``ansible-playbook`` would load."""
    own = sysconfig.get_path("stdlib")
    packages = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    yield sys.executable
    yield str(Path(sys.prefix, "pyvenv.cfg"))
    yield from (path for path in sys.path if path != own)
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and (not path.startswith(own) or path.startswith(packages)):
            yield path
    yield str(Path(sys.modules["ansible"].__file__ or "", "..", "config", "base.yml").resolve())
    yield from _list_configurations(cwd)


def _list_configurations(cwd: str) -> Iterator[str]:
    named = os.environ.get("ANSIBLE_CONFIG")
    if named is not None:
        yield named
    yield str(Path(cwd, "ansible.cfg"))
    yield str(Path("~/.ansible.cfg").expanduser())
    yield "/etc/ansible/ansible.cfg"


def _look_at(path: str) -> Look:
    try:
        status = os.stat(path)  # noqa: PTH116 - several hundred for each playbook
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
