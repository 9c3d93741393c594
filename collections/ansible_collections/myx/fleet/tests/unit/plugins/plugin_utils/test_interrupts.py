# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals are raised in this thread: a process's may be taken by one that a former test left."""

from __future__ import annotations

import signal
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.plugin_utils._interrupts import (
    call_when_interrupted,
    put_off_interrupts,
)


@pytest.fixture
def said() -> t.Iterator[list[str]]:
    """Return what was said, with a handler of a signal that says what it does."""
    words: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_of: words.append("as before"))
    yield words
    signal.signal(signal.SIGTERM, before)


def test_the_last_word_comes_before_what_the_signal_does(said: list[str]) -> None:
    """Ansible's worker ends right behind it."""
    with call_when_interrupted(lambda: said.append("last word")):
        signal.raise_signal(signal.SIGTERM)
    assert said == ["last word", "as before"]


def test_nothing_is_said_behind_the_task(said: list[str]) -> None:
    """The signals are Ansible's again."""
    with call_when_interrupted(lambda: said.append("last word")):
        pass
    signal.raise_signal(signal.SIGTERM)
    assert said == ["as before"]


def test_a_signal_waits_while_it_is_put_off(said: list[str]) -> None:
    """Ansible's locks are free again when its worker ends."""
    with put_off_interrupts():
        signal.raise_signal(signal.SIGTERM)
        said.append("line shown")
    assert said == ["line shown", "as before"]
