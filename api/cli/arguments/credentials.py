# SPDX-License-Identifier: GPL-3.0-or-later
"""How do SSH credentials come in? From a file or standard input, never from the command line."""

import getpass
import sys
from pathlib import Path

from api.cli.errors import UsageError

MAX_KEY_BYTES = 64 * 1024
"""Far above every private key."""


def read_credentials(key_file: Path | None, *, password_stdin: bool) -> dict[str, str]:
    """Return the fields of the API's body that carry what was given.

    Raises:
        UsageError: the file is no private key, or there is no password.
    """
    if key_file is not None and password_stdin:
        raise UsageError("Give --ssh-key or --ssh-password-stdin, not both.")
    if key_file is not None:
        return {"ssh_private_key": _read_key(key_file.expanduser())}
    if password_stdin:
        return {"ssh_password": _read_password()}
    return {}


def _read_key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            key = file.read(MAX_KEY_BYTES).decode("ascii")
    except OSError as error:
        raise UsageError(f"--ssh-key {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        key = ""
    if "PRIVATE KEY-----" not in key:
        hint = " It looks like the public half." if key.startswith("ssh-") else ""
        raise UsageError(f"--ssh-key {path} holds no private key in PEM or OpenSSH form.{hint}")
    return key


def _read_password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("SSH password: ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("There is no password on standard input.")
    return password
