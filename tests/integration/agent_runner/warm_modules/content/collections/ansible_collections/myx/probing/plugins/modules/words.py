#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module of a collection, with a module_util of it."""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.myx.probing.plugins.module_utils import spoken


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={})
    module.exit_json(words=spoken.WORDS, place=spoken.__file__, loader=spoken.__loader__.prefix)


if __name__ == "__main__":
    main()
