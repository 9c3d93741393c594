# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook get its own plugin, although Ansible's of the same name is loaded?

Whatever file Ansible's loader is to load, it takes what Python has under the plugin's name. A new
``ansible-playbook`` has nothing there yet. So what was loaded before is kept where the loader
keeps plugins by their files, and is only used where it looks for that very file.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_NAMED_BY_FILE = ("filter", "test")  # their names under Python are other ones anyhow


class _ByFile(dict[str, ModuleType]):
    """Plugins by their files; who takes one finds it under its name as well, as when it is loaded.

    Where another plugin has come by that name meanwhile, the loader takes that one, as ever.
    """

    def __contains__(self, path: object) -> bool:
        module = self.get(str(path))
        return module is not None and sys.modules.get(module.__name__, module) is module

    def __getitem__(self, path: str) -> ModuleType:
        module = super().__getitem__(path)
        return sys.modules.setdefault(module.__name__, module)


def release_plugins() -> None:
    """Keep the plugins that are loaded by their files alone.

    Raises:
        Exception: the loader is not as it is in the versions of Ansible that are known.
    """
    loaders: Any = importlib.import_module("ansible.plugins.loader")
    for full_name, module in list(sys.modules.items()):
        package, _, name = full_name.rpartition(".")
        kind = package.removeprefix("ansible.plugins.")
        loader = getattr(loaders, f"{kind}_loader", None)
        if loader is None or kind in _NAMED_BY_FILE or not package.startswith("ansible.plugins."):
            continue
        if module.__file__ and not name.startswith("_"):
            if not isinstance(loader._module_cache, _ByFile):  # noqa: SLF001 - where it keeps them
                loader._module_cache = _ByFile(loader._module_cache)  # noqa: SLF001 - as above
            loader._module_cache[module.__file__] = module  # noqa: SLF001 - as above
            del sys.modules[full_name]
