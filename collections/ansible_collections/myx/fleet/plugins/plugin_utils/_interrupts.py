# SPDX-License-Identifier: GPL-3.0-or-later
"""What is still done when Ansible ends a task by a signal?

A worker of Ansible answers SIGINT and SIGTERM by ending at once, without a look at ``finally``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import typing as t

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def call_when_interrupted(last_word: t.Callable[[], None]) -> t.Iterator[None]:
    """Call ``last_word`` once before a signal does what it would have done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: t.Any) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        try:
            last_word()
        finally:
            before = former[signal.Signals(number)]
            signal.signal(number, before)
            if callable(before):
                before(number, frame)
            else:
                os.kill(os.getpid(), number)

    for number in _SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)


@contextlib.contextmanager
def put_off_interrupts() -> t.Iterator[None]:
    """Let a signal wait: a worker that dies while it holds a lock of Ansible's stops all of it."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def call_before_termination(last_word: t.Callable[[], None]) -> None:
    """Call ``last_word`` before SIGTERM does what it would have done to this very process."""
    if threading.current_thread() is not threading.main_thread():
        return
    before, pid = signal.getsignal(signal.SIGTERM), os.getpid()

    def handle(number: int, frame: t.Any) -> None:
        signal.signal(number, before)
        if os.getpid() == pid:
            last_word()
        if callable(before):
            before(number, frame)
        else:
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handle)
