# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes back of a module is what would come out of the shell that had started it."""

import signal
import socket

import pytest

from agent_runner.warm.modules.exchange import Ended, tell_as_shell
from agent_runner.warm.modules.target.requests import ACCEPTED, End, read_end, send_end


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (End(3 << 8, shell_stays=True), (3, b"out", b"err")),
        (End(signal.SIGKILL, shell_stays=True), (137, b"out", b"errKilled\n")),
        (End(signal.SIGKILL, shell_stays=False), (-9, b"out", b"err")),
        (End(signal.SIGINT, shell_stays=True), (130, b"out", b"err")),
        (None, (137, b"out", b"err")),
    ],
)
def test_a_shell_tells_of_signals_where_it_is_still_there(
    end: End | None, told: tuple[int, bytes, bytes]
) -> None:
    """Some shells put a program in their place, and then nobody says that it was killed."""
    assert tell_as_shell(Ended(end, b"out", b"err")) == told


def test_the_end_of_a_module_is_read_as_it_was_sent() -> None:
    """Behind the answer that it was begun; what is cut off is no end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_end(theirs, End(-1, shell_stays=True))
        sent = ours.recv(100)
    assert read_end(ACCEPTED + sent) == End(-1, shell_stays=True)
    assert read_end(ACCEPTED + sent[:-1]) is None
