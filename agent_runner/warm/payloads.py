# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules need not be packed again by the next playbook?

Ansible packs a module with all that it imports into an archive, once in each playbook: 80 ms of
a processor for each kind of module. Those of Ansible's own modules are kept on the host, if every
file in the archive is, byte for byte, one of the installed Ansible. They are used as long as these
files are the same and nothing in the content could take their place; else Ansible packs as ever.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_runner.executions.processes import MARKER
from agent_runner.warm.freshness import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_MODULES = "ansible.modules."
_WITHOUT_EXTENSIONS = "-none"
_MADE_BY_ANSIBLE = frozenset({"ansible/__init__.py", "ansible/module_utils/__init__.py"})
"""What is in each archive and no file of Ansible's; it tells the version."""


class Store:
    """The packed modules of the installed Ansible."""

    def __init__(self, folder: Path, package: Path) -> None:
        self._folder = folder
        self._package = package

    def lend(self, name: str, cache: Path) -> None:
        """Put a packed module where Ansible looks for it, if it is here and still right.

        Raises:
            OSError: it cannot be read or written.
        """
        facts, target = self._folder / f"{name}.json", cache / name
        if target.exists() or not facts.exists():
            return
        sources = json.loads(facts.read_bytes())
        if any(look_at(path) != tuple(look) for path, look in sources.items()):
            facts.unlink()
            return
        cache.mkdir(exist_ok=True)
        _write(target, (self._folder / name).read_bytes())

    def keep(self, name: str, packed: Path, archive: bytes) -> None:
        """Take a packed module over, if all that is in it is Ansible's.

        Raises:
            OSError: it cannot be read or written.
        """
        facts = self._folder / f"{name}.json"
        sources = self._find_sources(archive)
        if facts.exists() or sources is None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self._folder / name, packed.read_bytes())
        _write(facts, json.dumps(sources).encode())

    def _find_sources(self, archive: bytes) -> dict[str, Any] | None:
        """Return what the files in an archive are like that it was made of; None for others."""
        release = str(self._package / "release.py")
        sources: dict[str, Any] = {release: look_at(release)}
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for name in opened.namelist():
                if name in _MADE_BY_ANSIBLE:
                    continue
                path = self._package.parent / name
                if not path.is_file() or path.read_bytes() != opened.read(name):
                    return None
                sources[str(path)] = look_at(str(path))
        return sources


def lend_modules() -> None:
    """Let Ansible find packed modules at the moment at which it would pack them."""
    packing: Any = importlib.import_module("ansible.executor.module_common")
    find_name = packing._get_ansible_module_fqn  # noqa: SLF001 - what it does just before

    def find_name_and_lend(module_path: str) -> str:
        name: str = find_name(module_path)
        if name.startswith(_OWN_MODULES) and not _is_anything_replaced(packing):
            with contextlib.suppress(OSError, ValueError):
                constants = packing.C
                file = f"{name}-{constants.DEFAULT_MODULE_COMPRESSION}{_WITHOUT_EXTENSIONS}"
                _open_store(packing).lend(file, _locate_cache(constants))
        return name

    packing._get_ansible_module_fqn = find_name_and_lend  # noqa: SLF001 - see above


def keep_modules() -> None:
    """Keep for the next playbook what this one has packed."""
    packing: Any = importlib.import_module("ansible.executor.module_common")
    if _is_anything_replaced(packing):
        return
    store = _open_store(packing)
    for packed in _list_packed(_locate_cache(packing.C)):
        with contextlib.suppress(OSError, ValueError, zipfile.BadZipFile):
            module = packing._CachedModule.load(str(packed))  # noqa: SLF001 - its own format
            store.keep(packed.name, packed, base64.b64decode(module.zip_data))


def _open_store(packing: Any) -> Store:
    package = Path(packing.__file__).parent.parent
    execution = Path(os.environ[MARKER])
    return Store(execution.parent.parent / "packed-modules", package)


def _locate_cache(constants: Any) -> Path:
    return Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache")


def _list_packed(cache: Path) -> Iterator[Path]:
    if not cache.is_dir():
        return
    for path in cache.iterdir():
        if path.name.startswith(_OWN_MODULES) and path.name.endswith(_WITHOUT_EXTENSIONS):
            yield path


def _is_anything_replaced(packing: Any) -> bool:
    """Tell whether the content, or the host, has files that modules would import instead."""
    own = _list_names(Path(packing.__file__).parent.parent / "module_utils")
    loader = importlib.import_module("ansible.plugins.loader").module_utils_loader
    places = [*loader.config, *loader._extra_dirs]  # noqa: SLF001 - those of playbooks and roles
    return any(own & _list_names(Path(place).expanduser()) for place in places)


def _list_names(folder: Path) -> set[str]:
    """Return what can be imported from a folder."""
    return {path.stem for path in folder.iterdir()} - {"__pycache__"} if folder.is_dir() else set()


def _write(path: Path, data: bytes) -> None:
    """Write a file that appears complete, whoever else writes it too."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.rename(path)
