# SPDX-License-Identifier: GPL-3.0-or-later
"""What was streamed? Server-sent events as pairs of name and data."""

import json
from typing import Any

Event = tuple[str, dict[str, Any]]


def parse_events(text: str) -> list[Event]:
    """Read whole events; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def join_log(events: list[Event], execution_id: str) -> str:
    """Return the text of an execution's log as it was streamed, without holes."""
    text, offset = "", None
    for name, data in events:
        if name == "log" and data["execution_id"] == execution_id:
            assert offset in {None, data["offset"]}
            text += data["log_data"]
            offset = data["new_offset"]
    return text
