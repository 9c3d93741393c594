# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx log`` where a log was removed, since it was too old."""

import json
from typing import Any

DONE: dict[str, Any] = {
    "id": 42,
    "kind": "command",
    "name": "uptime",
    "status": "successful",
    "reason": None,
    "hosts_total": 2,
    "started_at": "2026-01-01T10:00:00Z",
    "finished_at": "2026-01-01T10:00:01Z",
}


def _execution(host: str, removed_at: str | None = None) -> dict[str, Any]:
    return {
        "id": f"e-{host}",
        "run_id": 42,
        "host": host,
        "status": "successful",
        "reason_code": "completed",
        "reason": None,
        "recap": None,
        "log_bytes": 3,
        "log_removed_at": removed_at,
        "started_at": DONE["started_at"],
        "finished_at": DONE["finished_at"],
    }


def test_a_removed_log_is_told_in_words(api: Any, myx: Any) -> None:
    """Of each host whose log is gone it says so, the others are printed, and it ends with 1."""
    rows = [_execution("web1"), _execution("web2")]
    api.answer("GET", "/runs/42", (200, DONE))
    api.answer("GET", "/runs/42/executions", (200, {"results": rows, "next": None}))
    gone = {"status": 410, "code": "log_removed", "detail": "The log of web1 is gone."}
    api.answer("GET", "/executions/e-web1/log", (410, gone))
    piece = {"log_data": "up\n", "log_type": "stdout", "encoding": "utf-8", "is_final": True}
    piece |= {"offset": 0, "new_offset": 3, "size": 3}
    api.answer("GET", "/executions/e-web2/log", (200, piece))

    outcome = myx("log", "42")

    assert outcome.code == 1
    assert b"up" in outcome.out
    assert "The log of web1 is gone." in outcome.err


def test_who_follows_is_told_of_a_removed_log(api: Any, myx: Any) -> None:
    """The recap of a run says whose log was removed, and when."""
    api.answer("GET", "/runs/42", (200, DONE))
    gone = _execution("web1", "2026-02-01T10:00:00Z")
    events = [("run", DONE), ("execution", gone), ("end", DONE)]
    stream = [f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in events]
    api.answer("GET", "/runs/42/stream", stream)

    outcome = myx("log", "42", "--follow")

    assert outcome.code == 0
    assert "The log of web1 was removed on 2026-02-01 10:00:00 UTC" in outcome.err
