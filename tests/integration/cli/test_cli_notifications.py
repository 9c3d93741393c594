# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx notification ...`` against a control plane."""

from pathlib import Path
from typing import Any

NOTIFICATION: dict[str, Any] = {
    "id": 2,
    "name": "chat",
    "owner": "alice",
    "destination": "https://hooks.example.com",
    "headers": ["Authorization"],
    "events": ["host_offline", "run_failed"],
    "is_enabled": True,
}
DELIVERY: dict[str, Any] = {
    "id": 41,
    "created_at": "2026-01-02T01:30:00Z",
    "event": "run_failed",
    "subject": "run/7",
    "status": "waiting",
    "attempts": 2,
    "status_code": 503,
    "reason": "Answered 503.",
}


def list_of(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return one page."""
    return {"count": len(rows), "next": None, "previous": None, "results": list(rows)}


def test_adding_a_notification(api: Any, myx: Any, tmp_path: Path) -> None:
    """What is secret comes from a file; only the new secret is on standard output."""
    api.answer("POST", "/notifications", (201, {**NOTIFICATION, "secret": "myx_s"}))
    file = tmp_path / "chat.yml"
    file.write_text("url: https://hooks.example.com/s3cret\nheaders: {Authorization: Bearer x}\n")
    chosen = ["-e", "run_failed", "-e", "host_offline", "--group", "web", "--label", "env=prod"]
    added = myx("notification", "add", "chat", "--from", str(file), *chosen)
    assert added.out == b"myx_s\n"
    assert "Added the notification 2 to https://hooks.example.com." in added.err
    [sent] = api.find("POST", "/notifications")
    assert sent.json == {
        "name": "chat",
        "url": "https://hooks.example.com/s3cret",
        "headers": {"Authorization": "Bearer x"},
        "events": ["run_failed", "host_offline"],
        "groups": ["web"],
        "labels": ["env=prod"],
    }


def test_changing_and_removing(api: Any, myx: Any) -> None:
    """What is not named stays."""
    api.answer("PATCH", "/notifications/2", *[(200, NOTIFICATION)] * 2)
    api.answer("POST", "/notifications/2/rotate", (200, {**NOTIFICATION, "secret": "myx_n"}))
    api.answer("DELETE", "/notifications/2", (204, None))
    myx("notification", "set", "2", "--disable")
    myx("notification", "set", "2", "--url", "https://other.example", "-e", "run_started")
    first, second = (sent.json for sent in api.find("PATCH", "/notifications/2"))
    assert first == {"is_enabled": False}
    assert second == {"url": "https://other.example", "events": ["run_started"]}
    assert myx("notification", "rotate", "2", "--overlap", "60").out == b"myx_n\n"
    assert "Removed the notification 2." in myx("notification", "remove", "2").err


def test_what_was_sent(api: Any, myx: Any) -> None:
    """With the reason of what failed, and a way to send it again."""
    again = "/notifications/2/deliveries/41/redeliver"
    api.answer("GET", "/notifications", (200, list_of(NOTIFICATION)))
    api.answer("GET", "/notifications/2/deliveries", (200, list_of(DELIVERY)))
    api.answer("POST", again, (202, DELIVERY))
    assert b"host_offline, run_failed" in myx("notification", "list").out
    assert b"Answered 503." in myx("notification", "deliveries", "2").out
    assert "Sending the delivery 41 again." in myx("notification", "redeliver", "2", "41").err
    assert len(api.find("POST", again)) == 1


def test_a_test_says_what_became_of_it(api: Any, myx: Any) -> None:
    """Delivered, or the reason of the first attempt and an exit code."""
    path = "/notifications/2/deliveries/41"
    sent = {**DELIVERY, "status": "delivered", "status_code": 200, "reason": None}
    api.answer("POST", "/notifications/2/test", *[(202, DELIVERY)] * 2)
    api.answer("GET", path, (200, sent), (200, DELIVERY))
    good, bad = myx("notification", "test", "2"), myx("notification", "test", "2")
    assert (good.code, bad.code) == (0, 1)
    assert "Delivered: answered 200." in good.err
    assert "Not delivered: Answered 503." in bad.err
