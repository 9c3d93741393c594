#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module whose arguments are put into its text."""

import json

arguments = json.loads(r'''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>''')
print(json.dumps({"changed": False, "word": arguments["word"], "check": arguments["_ansible_check_mode"]}))
