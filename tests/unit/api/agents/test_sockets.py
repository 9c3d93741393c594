# SPDX-License-Identifier: GPL-3.0-or-later

import socket

from api.agents.sockets import open_socket


def test_a_host_that_is_gone_is_noticed() -> None:
    """A connection to an agent is probed while it is silent, and given up within 20 s."""
    with open_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ())) as opened:
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle_s, interval_s, count, unacknowledged_ms = (
            opened.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        )
        assert idle_s + interval_s * count <= 20
        assert unacknowledged_ms <= 20_000
        assert not opened.getblocking()
