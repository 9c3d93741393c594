# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx-inventory``: what Ansible runs as a script inventory, with ``--list`` or ``--host NAME``.

``ansible-inventory -i "$(command -v myx-inventory)" --graph``. It finds the control plane as
``myx`` does. Secret variables are not in it.
"""

import json
import sys
from collections.abc import Sequence

from api.cli.errors import CliError
from api.cli.remote.client import open_client

USAGE = "usage: myx-inventory --list | --host NAME"


def main(argv: Sequence[str] | None = None) -> int:
    """Print what Ansible asks for as JSON, and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    match arguments:
        case ["--list"]:
            query = {}
        case ["--host", name]:
            query = {"host": name}
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return 1
    try:
        document = open_client().get("/inventory", **query)
    except CliError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    json.dump(document, sys.stdout)
    return 0
