#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that imports a library of the host."""

import importlib

from ansible.module_utils.basic import AnsibleModule


def main():
    """Import."""
    module = AnsibleModule(argument_spec={"name": {"type": "str"}})
    try:
        found = importlib.import_module(module.params["name"])
    except ImportError as error:
        module.exit_json(word="missing", error=str(error))
    module.exit_json(word=found.WORD)


if __name__ == "__main__":
    main()
