# SPDX-License-Identifier: GPL-3.0-or-later
"""How are a payload's modules imported from its archive without compiling them again?

As ``zipimport`` does it, in its own classes, but for the code.
"""

from __future__ import annotations

import _imp
import sys
import zipimport
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from types import CodeType

    from agent_runner.warm.modules.target.payloads import Compiled


class PayloadImporter(zipimport.zipimporter):
    """Imports from archives, and from one of them what was compiled before."""

    payload: ClassVar[str] = ""
    codes: ClassVar[dict[str, tuple[CodeType, str]]] = {}

    def get_code(self, fullname: str) -> CodeType:
        """Return a module's code, with the path that it would have been compiled with."""
        found = self._find(fullname)
        if found is None:
            return super().get_code(fullname)
        code, path = found
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined] # noqa: SLF001 - importlib's own
        return code

    def get_filename(self, fullname: str) -> str:
        """Return the path that a module was loaded from."""
        found = self._find(fullname)
        return super().get_filename(fullname) if found is None else found[1]

    def _find(self, fullname: str) -> tuple[CodeType, str] | None:
        """Return code and path of a module that is meant with this name from this folder."""
        found = self.codes.get(fullname) if self.archive == self.payload else None
        if found is None:
            return None
        code, place = found
        stem = self.prefix + fullname.rpartition(".")[2]
        return (
            (code, f"{self.archive}/{place}")
            if place.startswith((f"{stem}.", f"{stem}/"))
            else None
        )


def import_from(payload: str, compiled: Compiled) -> None:
    """Let everything in this process that comes from the payload come through here."""
    PayloadImporter.payload = payload
    PayloadImporter.codes = compiled.modules
    sys.path_hooks[:] = [
        PayloadImporter if hook is zipimport.zipimporter else hook for hook in sys.path_hooks
    ]
