# SPDX-License-Identifier: GPL-3.0-or-later
"""What is loaded before any module is known, and how does it become part of a module's payload?

Each payload brings the same module_utils of Ansible's. They are loaded once from where Ansible is
installed. A module gets them only where its payload has every one of them byte by byte; then they
are given the places that they have in its payload.
"""

from __future__ import annotations

import _imp
import hashlib
import importlib
import sys
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import CodeType, ModuleType

    from agent_runner.warm.modules.target.caching import CodeCache

PLACEHOLDER = "/ansiballz"
"""Stands for the path of the payload until there is one."""

WANTED = (
    "ansible.module_utils.basic",
    "ansible.module_utils._internal._ansiballz._loader",
)
"""What every payload loads before its module; the rest of what is loaded are their imports."""

CACHE_KEY = "preloaded"

_EXTENDED = b"from pkgutil import extend_path\n__path__=extend_path(__path__,__name__)\n"


class Loaded(NamedTuple):
    """One module that is loaded, with what it takes to recognize and to move it."""

    module: ModuleType
    place: str
    digest: bytes
    code: CodeType


class Preloaded:
    """The module_utils that are there before any module."""

    def __init__(self, loaded: dict[str, Loaded]) -> None:
        self._loaded = loaded
        self.digests = {entry.place: entry.digest for entry in loaded.values()}
        self.digest = hashlib.sha256(repr(sorted(self.digests.items())).encode()).hexdigest()

    def move_to(self, payload: str) -> None:
        """Give all that is loaded the places that it has in a payload."""
        for name, entry in self._loaded.items():
            module = sys.modules.get(name)
            if module is not entry.module:
                continue
            path = f"{payload}/{entry.place}"
            _imp._fix_co_filename(entry.code, path)  # type: ignore[attr-defined] # noqa: SLF001 - importlib's
            search = getattr(module, "__path__", None)
            if search is not None:
                moved = [item.replace(PLACEHOLDER, payload, 1) for item in search]
                module.__path__ = moved
            _move(module, path, payload)


def _move(module: ModuleType, path: str, payload: str) -> None:
    """Let a module say that it was loaded from a payload."""
    folder, _, _ = path.rpartition("/")
    if module.__spec__ is None:
        return
    if module.__spec__.submodule_search_locations is not None:
        folder, _, _ = folder.rpartition("/")
        module.__spec__.submodule_search_locations = module.__path__  # type: ignore[assignment]
    loader: Any = _find_importer(folder or payload)
    spec: Any = module.__spec__
    spec.loader, spec.origin, spec.cached = loader, path, None
    module.__dict__.update(__file__=path, __loader__=loader, __cached__=spec.cached)


def _find_importer(folder: str) -> Any:
    import pkgutil  # noqa: PLC0415 - loaded by now: what was moved has needed it

    return pkgutil.get_importer(folder)


class _Finder:
    """Finds the module_utils where Ansible is installed, under the names of a payload."""

    def __init__(self, ansible: str, identity: dict[str, str], codes: dict[bytes, Any]) -> None:
        self._ansible = ansible
        self._identity = identity
        self.codes = codes
        self.is_complete = True
        self.found: dict[str, Loaded] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        """Return the spec of a module that belongs into every payload."""
        if name != "ansible" and not f"{name}.".startswith("ansible.module_utils."):
            return None
        place = name.replace(".", "/")
        for ending, is_package in (("/__init__.py", True), (".py", False)):
            source = self._read(place + ending)
            if source is not None:
                origin = f"{PLACEHOLDER}/{place}{ending}"
                spec = ModuleSpec(name, self, origin=origin, is_package=is_package)  # type: ignore[arg-type]
                spec.has_location = True
                spec.loader_state = (place + ending, source)
                if is_package:
                    spec.submodule_search_locations = [f"{PLACEHOLDER}/{place}"]
                return spec
        return None

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code, compiled now or before."""
        spec = module.__spec__
        if spec is None:
            raise ImportError(module.__name__)
        place, source = spec.loader_state
        spec.loader_state = None
        digest = hashlib.sha256(source).digest()
        code = self.codes.get(digest)
        if code is None:
            self.is_complete = False
            code = compile(source, str(spec.origin), "exec", dont_inherit=True)
            self.codes[digest] = code
        self.found[module.__name__] = Loaded(module, place, digest, code)
        exec(code, module.__dict__)  # noqa: S102 - this is what importing is

    def _read(self, place: str) -> bytes | None:
        if place == "ansible/__init__.py":
            names = "".join(f'__{name}__="{self._identity[name]}"\n' for name in self._identity)
            return _EXTENDED + names.encode()
        if place == "ansible/module_utils/__init__.py":
            return _EXTENDED
        try:
            with open(f"{self._ansible}/{place.removeprefix('ansible/')}", "rb") as stream:  # noqa: PTH123 - fast
                return stream.read()
        except OSError:
            return None


def preload(ansible: str, identity: dict[str, str], cache: CodeCache) -> Preloaded:
    """Load what every module needs.

    Args:
        ansible: where the package lies.
        identity: its ``version`` and ``author``, which payloads carry.
        cache: where its compiled code is found.

    Raises:
        ImportError: this Ansible is made of other parts.
    """
    codes: dict[bytes, Any] = cache.find(CACHE_KEY) or {}
    finder = _Finder(ansible, identity, codes)
    sys.meta_path.insert(0, finder)
    try:
        for name in WANTED:
            importlib.import_module(name)
    finally:
        sys.meta_path.remove(finder)
    if not finder.is_complete:
        used = {entry.digest for entry in finder.found.values()}
        cache.store(CACHE_KEY, {digest: codes[digest] for digest in used})
    return Preloaded(finder.found)
