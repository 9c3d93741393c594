# SPDX-License-Identifier: GPL-3.0-or-later
"""Where is a control plane by default? Light, because every start of ``myx`` loads it."""

import ipaddress
import os
from pathlib import Path

DEFAULT_LISTEN = "127.0.0.1:8000"
"""Where the HTTP API listens unless ``MYX_LISTEN`` says otherwise."""

ADMIN_TOKEN_NAME = "admin-token"  # noqa: S105 - a file's name
"""The file with the admin's token in the data directory."""


SIGNING_KEY_NAME = "signing.key"
"""The file with the key that signs content, in the data directory."""


def default_data_dir() -> Path:
    """Return the data directory of this user: the system's for root."""
    if os.geteuid() == 0:
        return Path("/var/lib/myx")
    return Path.home() / ".local/share/myx"


def split_listen(listen: str) -> tuple[str, int]:
    """Split ``host:port`` or ``[ipv6]:port``.

    Raises:
        ValueError: it has another form.
    """
    host, _, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the last port
        raise ValueError(f"'{listen}' is not ADDRESS:PORT, for example {DEFAULT_LISTEN}")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
