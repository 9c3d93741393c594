# SPDX-License-Identifier: GPL-3.0-or-later
"""How do passwords come in? Typed unseen, or from standard input; never as an argument."""

import getpass
import sys

from api.cli.errors import UsageError


def read_password(prompt: str) -> str:
    """Read a password that is known.

    Raises:
        UsageError: there is none.
    """
    if sys.stdin.isatty():
        password = getpass.getpass(f"{prompt}: ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("There is no password on standard input.")
    return password


def read_new_password(prompt: str) -> str:
    """Read a new password, twice where it is typed.

    Raises:
        UsageError: there is none, or the two differ.
    """
    password = read_password(prompt)
    if sys.stdin.isatty() and getpass.getpass(f"{prompt}, again: ") != password:
        raise UsageError("The two passwords differ. Nothing was changed.")
    return password
