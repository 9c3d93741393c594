# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx schedule ...`` against a control plane."""

from pathlib import Path
from typing import Any

SCHEDULE: dict[str, Any] = {
    "id": 3,
    "name": "backup",
    "owner": "alice",
    "cron": "30 2 * * *",
    "timezone": "Europe/Berlin",
    "at": None,
    "missed": "run_once",
    "grace_s": 3600.0,
    "overlap": "skip",
    "paused_at": None,
    "next_at": "2026-01-02T01:30:00Z",
    "last_at": "2026-01-01T01:30:00Z",
    "last_outcome": "failed",
    "last_reason": "owner_gone: gone",
    "last_run_id": 17,
    "run": {"kind": "playbook", "name": "b.yml", "limit": "db", "variables": ["x"], "options": {}},
}


def test_adding_a_schedule(api: Any, myx: Any, tmp_path: Path) -> None:
    """A playbook, a command behind --, or a file with the whole request."""
    api.answer("POST", "/schedules", *[(201, SCHEDULE)] * 3)
    cron = ["--cron", "30 2 * * *", "--timezone", "Europe/Berlin"]
    added = myx("schedule", "add", "backup", *cron, "-p", "b.yml", "-l", "db", "-e", "x=1")
    assert "due next at 2026-01-02 01:30:00 UTC" in added.err
    myx("schedule", "add", "once", "--at", "2026-12-24T18:00:00Z", "-l", "web1", "--", "ls", "-l")
    (tmp_path / "run.yml").write_text("kind: playbook\nplaybook: c.yml\ncheck: true\n")
    myx("schedule", "add", "drift", *cron, "--run", str(tmp_path / "run.yml"))
    first, second, third = (sent.json for sent in api.find("POST", "/schedules"))
    assert first == {
        "name": "backup",
        "cron": "30 2 * * *",
        "timezone": "Europe/Berlin",
        "run": {"kind": "playbook", "playbook": "b.yml", "extra_vars": {"x": "1"}, "limit": "db"},
    }
    assert second["run"] == {"kind": "command", "command": ["ls", "-l"], "limit": "web1"}
    assert third["run"]["check"] is True


def test_a_schedule_needs_one_thing_to_run(myx: Any) -> None:
    """Nothing is sent before that is clear."""
    nothing = myx("schedule", "add", "x", "--cron", "0 * * * *")
    both = myx("schedule", "add", "x", "--cron", "0 * * * *", "-p", "a.yml", "--", "ls")
    assert nothing.code == both.code == 1
    assert "--playbook" in nothing.err
    assert "once" in both.err


def test_schedules_are_shown(api: Any, myx: Any) -> None:
    """When, what, as whom, and what became of the last time."""
    page = {"count": 1, "next": None, "previous": None, "results": [SCHEDULE]}
    api.answer("GET", "/schedules", *[(200, page)] * 2)
    api.answer("GET", "/schedules/3", *[(200, SCHEDULE)] * 2)
    api.answer(
        "GET", "/schedules/3/next", (200, {"timezone": "UTC", "times": ["2026-01-02T01:30"]})
    )
    assert b"30 2 * * * Europe/Berlin" in myx("schedule", "list").out
    assert b'"owner": "alice"' in myx("schedule", "list", "--json").out
    assert b"failed: owner_gone: gone" in myx("schedule", "show", "3").out
    assert b"2026-01-02 01:30" in myx("schedule", "next", "3").out


def test_steering_schedules(api: Any, myx: Any) -> None:
    """Pause, resume, remove."""
    api.answer("POST", "/schedules/3/pause", (200, SCHEDULE))
    api.answer("POST", "/schedules/3/resume", (200, SCHEDULE))
    api.answer("DELETE", "/schedules/3", (204, {}))
    for verb in ("pause", "resume", "remove"):
        assert myx("schedule", verb, "3").code == 0
