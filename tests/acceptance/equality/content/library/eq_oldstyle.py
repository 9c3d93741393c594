#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""An old-style module: it reads its file of arguments itself."""

import json
import shlex
import sys

with open(sys.argv[1]) as file:
    arguments = dict(pair.split("=", 1) for pair in shlex.split(file.read()) if "=" in pair)
print(json.dumps({"changed": True, "word": arguments["word"], "arguments": len(sys.argv)}))
