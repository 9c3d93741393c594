# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting a stream of bytes into server-sent events."""

import json

from hypothesis import given
from hypothesis import strategies as st

from api.cli.remote.sse import KEEP_ALIVE, EventParser, ServerEvent

EVENTS = [
    ServerEvent("run", {"id": 1, "name": "größer"}),
    ServerEvent(KEEP_ALIVE, {}),
    ServerEvent("log", {"log_data": "a\nb", "offset": 0}),
]


def _write(event: ServerEvent, end: str = "\n") -> bytes:
    if event.name == KEEP_ALIVE:
        return f": keep-alive{end}{end}".encode()
    data = json.dumps(event.data, ensure_ascii=False)
    return f"event: {event.name}{end}data: {data}{end}{end}".encode()


@given(
    st.lists(st.integers(min_value=1, max_value=40), max_size=20), st.sampled_from(["\n", "\r\n"])
)
def test_any_cut_gives_the_same_events(lengths: list[int], end: str) -> None:
    """However the bytes are cut on their way, the events are the same."""
    stream = b"".join(_write(event, end) for event in EVENTS)
    parser, seen, place = EventParser(), [], 0
    for length in [*lengths, len(stream)]:
        seen += parser.feed(stream[place : place + length])
        place += length
    assert seen == EVENTS


def test_data_may_span_lines_and_unknown_fields_are_skipped() -> None:
    """Several data lines are one document, and id and retry are no business of ours."""
    raw = b'id: 7\nretry: 100\nevent: run\ndata: {"id":\ndata: 1}\n\n'
    assert list(EventParser().feed(raw)) == [ServerEvent("run", {"id": 1})]


def test_an_event_without_data_is_none() -> None:
    """A blank line ends nothing where no data came."""
    assert list(EventParser().feed(b"event: run\n\n\n")) == []
