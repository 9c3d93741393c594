#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module of a collection that uses the collection's module_utils."""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eq.tools.plugins.module_utils.phrases import join

from ..module_utils import phrases

DOCUMENTATION = """
module: words
short_description: Joins words
options:
  words: {type: list, elements: str, required: true}
  separator: {type: str, default: " "}
"""


def main():
    """Join."""
    module = AnsibleModule(
        argument_spec={
            "words": {"type": "list", "elements": "str", "required": True},
            "separator": {"type": "str", "default": " "},
        }
    )
    phrase = join(module.params["words"], module.params["separator"])
    module.exit_json(changed=False, phrase=phrase, same=phrases.join is join, ansible_facts={"last_phrase": phrase})


if __name__ == "__main__":
    main()
