# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence that says why an execution ended."""

import json
from typing import Any

import pytest

from agent_runner.executions.supervisor.causes import (
    MAX_REASON_CHARS,
    PlaybookObserver,
    describe_exit,
    shorten,
)


def _make_event(event: str, **data: Any) -> bytes:
    return json.dumps({"event": event, "event_data": data}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("return_code", "words"),
    [(0, "exit code 0"), (3, "exit code 3"), (-15, "ended by signal SIGTERM"), (-64, "signal")],
)
def test_a_return_code_is_said_in_words(return_code: int, words: str) -> None:
    """Exit codes are named, signals by their names."""
    assert words in describe_exit(return_code)


def test_the_last_failure_that_counts_is_the_cause() -> None:
    """A failure that is ignored is none, and a result that is censored says nothing."""
    observer = PlaybookObserver()
    observer.observe_event(_make_event("runner_on_failed", task="a", res={"msg": "x"}))
    observer.observe_event(_make_event("runner_on_unreachable", task="b", res={"censored": "x"}))
    observer.observe_event(_make_event("runner_on_failed", task="c", ignore_errors=True))
    assert observer.describe() == "task 'b' failed"
    assert not observer.play_started


def test_an_error_message_is_found_among_colours_and_warnings() -> None:
    """Ansible's error is the cause, with the place where it is, however it arrives."""
    observer = PlaybookObserver()
    output = b"[WARNING]: no\n\x1b[0;31m[ERROR]: bad \x1b[0m\n\x1b[0;31mOrigin: a.yml:3:1\x1b[0m\n"
    for start in range(0, len(output), 7):
        observer.observe_stderr(output[start : start + 7])
    assert observer.describe() == "bad (a.yml:3:1)"


def test_without_a_trace_there_is_no_cause() -> None:
    """Where nothing explains the end, nothing is made up."""
    assert PlaybookObserver().describe() is None


def test_a_reason_is_one_short_line() -> None:
    """A reason has no line breaks and a limited length."""
    assert shorten("two\n lines") == "two lines"
    assert len(shorten("x" * 10_000)) == MAX_REASON_CHARS
