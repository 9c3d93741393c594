# SPDX-License-Identifier: GPL-3.0-or-later
"""Which port can a process be told to listen on, that no other process takes before it does?"""

import socket


def reserve_port() -> int:
    """Return a TCP port of loopback that nobody is given while this process lives.

    The socket stays bound and never listens: the kernel gives its port to nobody who asks for
    any, neither to listen nor to connect from, while whoever names it may listen there.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    holder.detach()
    return port
