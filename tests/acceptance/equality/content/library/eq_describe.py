#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module of the content that uses the content's module_utils."""

import os
import sys

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.eq_shared import describe

DOCUMENTATION = """
module: eq_describe
short_description: Says what it was given
options:
  value: {type: raw}
  number: {type: int, default: 1}
  choice: {type: str, choices: [one, two]}
  hidden: {type: str}
  old: {type: str, aliases: [older]}
"""


def main():
    """Answer the arguments and what surrounds the module."""
    module = AnsibleModule(
        argument_spec={
            "value": {"type": "raw"},
            "number": {"type": "int", "default": 1},
            "choice": {"type": "str", "choices": ["one", "two"]},
            "hidden": {"type": "str", "no_log": True},
            "old": {"type": "str", "removed_in_version": "9.0", "removed_from_collection": "eq.tools"},
            "fail": {"type": "bool", "default": False},
            "warn": {"type": "str"},
        },
        supports_check_mode=True,
        mutually_exclusive=[["choice", "old"]],
    )
    if module.params["warn"]:
        module.warn(module.params["warn"])
        module.deprecate("it is old: " + module.params["warn"], version="9.0", collection_name="eq.tools")
    if module.params["fail"]:
        module.fail_json(msg="it was asked to fail", detail=describe(module.params["value"]))
    module.exit_json(
        changed=not module.check_mode,
        described=describe(module.params["value"]),
        hidden_echo="it is %s" % module.params["hidden"],
        number=module.params["number"],
        cwd=os.getcwd(),
        umask=oct(os.umask(0o077)),
        argv0=os.path.basename(sys.argv[0]) and len(sys.argv),
        version=list(sys.version_info[:2]),
        stdin_is_tty=sys.stdin.isatty() if sys.stdin else None,
        session_leader=os.getsid(0) == os.getpid(),
        environment={name: value for name, value in os.environ.items() if name.startswith("EQ_")},
        locale=[os.environ.get(name) for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE")],
    )


if __name__ == "__main__":
    main()
