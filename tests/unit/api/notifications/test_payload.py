# SPDX-License-Identifier: GPL-3.0-or-later
"""What others are told: no word of a command, and nobody called in a chat."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.notifications.deliveries import FIRST_WAIT_S, MAX_WAIT_S, find_wait_s
from api.notifications.payload import build_body, pick_run

RUN: dict[str, Any] = {
    "id": 7, "kind": "playbook", "name": "site.yml", "status": "failed",
    "reason_code": "hosts_failed", "reason": "2 hosts: 1 successful, 1 failed.", "limit": "web",
    "check": False, "created_by": "alice", "created_at": "t", "started_at": "t",
    "finished_at": "t", "retry_of": None, "hosts_total": 2, "counts": {"failed": 1},
    "warnings": ["secret"],
}  # fmt: skip


def build(event: Any, **about: Any) -> dict[str, Any]:
    """Build a payload."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    built: dict[str, Any] = json.loads(
        build_body(event, at, "k", {"id": 1, "name": "ops"}, **about)
    )
    return built


def test_a_run_is_told_in_fields_and_in_a_sentence() -> None:
    """The sentence stands where chat programs look for it."""
    told = build("run_failed", run=pick_run(RUN))
    assert told["text"] == ("Run 7, site.yml by alice, failed: 2 hosts: 1 successful, 1 failed.")
    assert (told["version"], told["event"], told["delivery"]) == (1, "run_failed", "k")
    assert told["at"] == "2026-01-01T00:00:00+00:00"
    assert told["run"] == {name: value for name, value in RUN.items() if name != "warnings"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("mysql -ps3cret", "mysql"),
        ("'/opt/my tool' s3cret", "/opt/my tool"),
        ("sh -c 'echo s3cret", "sh"),
        ("", ""),
    ],
)
def test_of_a_command_only_its_program_is_told(words: str, shown: str) -> None:
    """Also where the name was cut in the middle of a quote."""
    assert pick_run({**RUN, "kind": "command", "name": words})["name"] == shown


def test_nobody_is_called() -> None:
    """What chats take for a call, or for a link, is not sent as one."""
    told = build("run_started", run=pick_run({**RUN, "name": "<!channel> @all <https://x|y>.yml"}))
    assert not set("<>@") & set(told["text"])


def test_many_hosts_are_counted() -> None:
    """The sentence names the first of them, the list all."""
    hosts = [{"name": f"web{number}"} for number in range(12)]
    told = build("host_offline", hosts=hosts)
    assert told["text"].startswith("12 hosts are offline: web0, web1, ")
    assert told["text"].endswith("web9 and 2 more.")
    assert len(told["hosts"]) == 12


@given(st.integers(1, 500))
def test_waits_grow_to_a_bound(attempt: int) -> None:
    """And are never in step."""
    longest = min(FIRST_WAIT_S * 2 ** (attempt - 1), MAX_WAIT_S)
    assert longest / 2 <= find_wait_s(attempt) <= longest
