# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook get its own plugin, although Ansible's of the same name is loaded?

Whatever file Ansible's loader is to load, it takes what Python has under the plugin's name. A new
``ansible-playbook`` has nothing there yet. So what was loaded before is kept where the loader
keeps plugins by their files, and is only used where it looks for that very file.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_NAMED_BY_FILE = ("filter", "test")  # their names under Python are other ones anyhow


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
            loader._module_cache[module.__file__] = module  # noqa: SLF001 - where it keeps them
            del sys.modules[full_name]
