# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a connection learn that the host at its other end has gone without a word?

A host that lost its power or its network closes nothing, and a call that waits for news sends
nothing: without probes its answer is awaited in vain to the end of its time.
"""

import socket
from typing import Any

_OPTIONS = {
    "TCP_KEEPIDLE": 10,  # seconds of silence until the first probe
    "TCP_KEEPINTVL": 5,  # seconds between probes
    "TCP_KEEPCNT": 2,  # so many unanswered ones end it
    "TCP_USER_TIMEOUT": 20_000,  # milliseconds until what was sent and not acknowledged ends it
}
"""Together: a host that is gone is noticed within about 20 s. Systems lack some of them."""


def open_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address as ``getaddrinfo`` returns it; it is not connected yet."""
    family, kind, protocol, *_ = address
    opened = socket.socket(family, kind, protocol)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return opened
