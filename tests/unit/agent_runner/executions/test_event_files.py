# SPDX-License-Identifier: GPL-3.0-or-later
"""Events on disk and how they are read by number."""

import json
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent_runner.executions.folder import Folder
from agent_runner.executions.supervisor.events import MAX_EVENT_BYTES, EventSink
from agent_runner.executions.supervisor.launch import Launch
from agent_runner.executions.supervisor.masking import Secrets
from agent_runner.logs.events import MAX_ANSWER_BYTES, count_events, read_events


def _make_launch(**changes: object) -> Launch:
    launch = Launch(
        kind="playbook",
        argv=["true"],
        env={},
        cwd="/",
        timeout_s=None,
        cancel_grace_s=1,
        log_max_bytes=1,
        secrets=[],
        emits_events=True,
        events_max_bytes=1 << 30,
    )
    return launch._replace(**changes)


def _store(folder: Folder, stream: bytes, cuts: list[int], **changes: object) -> list[bytes]:
    """Feed a stream cut at some places, and return the lines that were observed."""
    observed: list[bytes] = []
    launch = _make_launch(**changes)
    sink = EventSink(folder, launch, Secrets(launch.secrets), observed.append)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(places):
        sink.feed(stream[start:end])
    sink.finish()
    return observed


def _read(folder: Folder, after: int, limit: int) -> list[int]:
    found = read_events(folder.events, folder.events_index, after=after, limit=limit)
    return [event["counter"] for event in found]


def _make_stream(sizes: list[int]) -> bytes:
    events = [{"counter": n, "stdout": "é" * size} for n, size in enumerate(sizes, start=1)]
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


@given(
    sizes=st.lists(st.integers(min_value=0, max_value=50), max_size=12),
    cuts=st.lists(st.integers(min_value=0, max_value=600), max_size=8),
    after=st.integers(min_value=0, max_value=15),
    limit=st.integers(min_value=1, max_value=15),
)
def test_events_are_found_by_number(
    sizes: list[int], cuts: list[int], after: int, limit: int
) -> None:
    """However the stream arrives, an answer holds the events behind a number, in order."""
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(Path(path))
        stream = _make_stream(sizes)
        assert _store(folder, stream, cuts) == stream.splitlines()
        assert count_events(folder.events_index) == len(sizes)
        numbers = list(range(1, len(sizes) + 1))
        assert _read(folder, after, limit) == numbers[after : after + limit]


def test_an_unfinished_event_is_not_seen(tmp_path: Path) -> None:
    """An event is readable when it is complete, not before."""
    folder = Folder(tmp_path)
    _store(folder, _make_stream([1]) + b'{"counter": 2, "std', [])
    assert _read(folder, 0, 10) == [1]


def test_large_events_come_one_by_one(tmp_path: Path) -> None:
    """An answer is limited in bytes, and yet holds one event however large it is."""
    folder = Folder(tmp_path)
    _store(folder, _make_stream([MAX_ANSWER_BYTES, 1, 1]), [])
    assert _read(folder, 0, 10) == [1]
    assert _read(folder, 1, 10) == [2, 3]


def test_secrets_are_masked_in_events(tmp_path: Path) -> None:
    """A secret does not reach the file of events, as JSON writes it either."""
    folder = Folder(tmp_path)
    line = json.dumps({"counter": 1, "stdout": 'with "quotes"'}).encode() + b"\n"
    _store(folder, line, [25], secrets=['with "quotes"'])
    assert b"quotes" not in folder.events.read_bytes()
    assert _read(folder, 0, 1) == [1]


def test_a_secret_that_looks_like_the_format_leaves_events_readable(tmp_path: Path) -> None:
    """Numbers and words of the format are masked where they are values, and nothing breaks."""
    folder = Folder(tmp_path)
    data = {"res": {"pin": 4711, "what": "an event", "list": [True, None, 47110.5]}}
    event = {"event": "runner_on_ok", "counter": 1, "stdout": "an event", "event_data": data}
    line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    _store(folder, line, [], secrets=["4711", "event", "counter", '"'])
    [stored] = read_events(folder.events, folder.events_index, after=0, limit=5)
    assert stored["event"] == "runner_on_ok"
    assert stored["stdout"] == "an ********"
    assert list(stored["event_data"]["res"].values()) == [
        "********",
        "an ********",
        [True, None, "********0.5"],
    ]


def test_a_secret_in_json_in_an_events_text_is_masked(tmp_path: Path) -> None:
    """What a task prints as JSON stands in the event as JSON within JSON, and is masked."""
    folder = Folder(tmp_path)
    printed = json.dumps({"msg": 'a "quoted" secret'})
    line = json.dumps({"counter": 1, "stdout": printed}).encode() + b"\n"
    _store(folder, line, [], secrets=['a "quoted" secret'])
    assert b"quoted" not in folder.events.read_bytes()


def test_of_too_many_events_the_recap_is_kept(tmp_path: Path) -> None:
    """Events stop at their limit, an event says so, they are counted, and the recap is the last."""
    folder = Folder(tmp_path)
    recap = b'{"event":"playbook_on_stats","counter":6,"event_data":{"ok":{"web1":4}}}\n'
    sink = EventSink(folder, _make_launch(events_max_bytes=100), Secrets([]), lambda _: None)
    sink.feed(_make_stream([10, 10, 10, 10, 10]) + recap)
    sink.finish()
    stored = read_events(folder.events, folder.events_index, after=0, limit=10)
    assert [event["counter"] for event in stored] == [1, 2, 3, 4]
    assert "limit of 100 bytes (events_max_bytes)" in stored[2]["stdout"]
    assert (stored[3]["event"], stored[3]["event_data"]) == (
        "playbook_on_stats",
        {"ok": {"web1": 4}},
    )
    assert sink.dropped_events == 3


def test_an_event_without_end_takes_no_memory(tmp_path: Path) -> None:
    """An event that is too long is replaced by one that says so; those around it stay."""
    folder = Folder(tmp_path)
    sink = EventSink(folder, _make_launch(), Secrets([]), lambda _: None)
    sink.feed(_make_stream([1]) + b'{"counter":2,"stdout":"')
    for _ in range(40):
        sink.feed(b"x" * (MAX_EVENT_BYTES // 16))
        assert len(sink._partial) <= MAX_EVENT_BYTES
    sink.feed(b'"}\n' + _make_stream([1, 1, 1]).split(b"\n", 2)[2])
    stored = read_events(folder.events, folder.events_index, after=0, limit=10)
    assert [event["counter"] for event in stored] == [1, 2, 3]
    assert "is left out" in stored[1]["stdout"]


def test_no_events_are_no_error(tmp_path: Path) -> None:
    """A folder without events has none."""
    assert count_events(tmp_path / "index") == 0
    assert read_events(tmp_path / "events", tmp_path / "index", after=0, limit=5) == []
