# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of a bundle's own ``ansible.cfg`` must survive what MyX sets in the environment?

The environment outranks the file, so what we have to set there (callback plugins, the stdout
callback, search paths) is built upon what the file says.
"""

import configparser
import os
from pathlib import Path

from agent_runner.warm.modules.settings import build_settings as build_module_settings

DEFAULT_CALLBACK_PLUGINS = "~/.ansible/plugins/callback:/usr/share/ansible/plugins/callback"
DEFAULT_COLLECTIONS = "~/.ansible/collections:/usr/share/ansible/collections"
DEFAULT_ROLES = "~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles"

CALLBACK_FOLDER = Path(__file__).parent.parent / "callback"
"""Where the plugin lies that writes events."""


def build_settings(bundle: Path) -> dict[str, str]:
    """Return the ``ANSIBLE_*`` variables for a playbook of this bundle."""
    defaults = _read_defaults(bundle / "ansible.cfg")
    callbacks = defaults.get("callback_plugins", DEFAULT_CALLBACK_PLUGINS)
    settings = {
        "ANSIBLE_CALLBACK_PLUGINS": f"{CALLBACK_FOLDER}{os.pathsep}{callbacks}",
        "ANSIBLE_FORCE_COLOR": "true",
        "ANSIBLE_INVENTORY_ENABLED": "yaml",
        "ORIGINAL_STDOUT_CALLBACK": defaults.get("stdout_callback", "default"),
        **build_module_settings(defaults.get("connection_plugins")),
    }
    if (bundle / "ansible.cfg").is_file():
        settings["ANSIBLE_CONFIG"] = str(bundle / "ansible.cfg")
    if not {"collections_path", "collections_paths"} & defaults.keys():
        settings["ANSIBLE_COLLECTIONS_PATH"] = f"{bundle / 'collections'}:{DEFAULT_COLLECTIONS}"
    if "roles_path" not in defaults:
        settings["ANSIBLE_ROLES_PATH"] = f"{bundle / 'roles'}:{DEFAULT_ROLES}"
    return settings


def _read_defaults(path: Path) -> dict[str, str]:
    """Return the ``[defaults]`` section; of a file that cannot be read Ansible will complain."""
    parser = configparser.ConfigParser(inline_comment_prefixes=(";",), interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    return dict(parser["defaults"]) if parser.has_section("defaults") else {}
