# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import ApiError, UnreachableError
from ansible_collections.myx.fleet.plugins.plugin_utils._follow import Follower, WaitTimeoutError

END = ("end", {"id": 7, "status": "successful"})


class FakeClient:
    """Opens one stream after the other, and remembers what it was asked."""

    def __init__(self, *streams: t.Any) -> None:
        self._streams = list(streams)
        self.asked: list[dict[str, t.Any]] = []

    def open_stream(self, _path: str, _timeout_s: float, **query: t.Any) -> io.BytesIO:
        """Open the next one, or fail with it."""
        self.asked.append(query)
        stream = self._streams.pop(0) if len(self._streams) > 1 else self._streams[0]
        if isinstance(stream, Exception):
            raise stream
        return io.BytesIO(stream)


def write(*events: tuple[str, dict[str, t.Any]]) -> bytes:
    """Write events as the API does."""
    return b"".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in events
    )


def piece(offset: int, text: str, encoding: str = "utf-8", size: int | None = None) -> t.Any:
    """Write a piece of the log of web1."""
    size = len(text) if size is None else size
    return "log", {
        "execution_id": "e1",
        "host": "web1",
        "offset": offset,
        "new_offset": offset + size,
        "log_data": text,
        "encoding": encoding,
    }


def follow(client: FakeClient, wait_s: float | None = None, **more: t.Any) -> tuple[t.Any, bytes]:
    """Follow run 7, and return its end and what was shown."""
    shown: list[bytes] = []
    follower = Follower(t.cast(t.Any, client), 7, lambda _host, raw: shown.append(raw), **more)
    return follower.follow(wait_s), b"".join(shown)


def test_a_run_is_followed_to_its_end() -> None:
    """Every piece is shown, bytes that are no text too."""
    log = [piece(0, "one\n"), piece(4, "/w==", "base64", 1)]
    run, shown = follow(FakeClient(write(("run", {}), *log, END)))
    assert run == END[1]
    assert shown == b"one\n\xff"


def test_a_broken_connection_goes_on_where_it_was() -> None:
    """Nothing is shown twice and nothing is missing, though the second stream begins too early."""
    first = write(piece(0, "one\n")) + b'event: log\ndata: {"cut'
    waits: list[float] = []
    client = FakeClient(first, write(piece(0, "one\n"), piece(4, "two\n"), END))
    assert follow(client, sleep=waits.append)[1] == b"one\ntwo\n"
    assert [query["offsets"] for query in client.asked] == [None, "e1:4"]
    assert waits == [1.0]


@pytest.mark.parametrize("failure", [OSError("reset"), UnreachableError("away"), ApiError("", 503)])
def test_a_control_plane_that_stays_away_is_given_up(failure: Exception) -> None:
    """After a minute, with how to find out the end."""
    waits: list[float] = []
    with pytest.raises(UnreachableError, match=r"Run 7 goes on.*run_info"):
        follow(FakeClient(failure), sleep=waits.append)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_whoever_may_not_see_it_is_told_at_once() -> None:
    """A refusal does not change by asking again."""
    client = FakeClient(ApiError("no", 403))
    with pytest.raises(ApiError):
        follow(client)
    assert len(client.asked) == 1


def test_a_wait_has_an_end() -> None:
    """Comments, which come while nothing happens, are enough to notice."""
    now = iter([0.0, 1.0, 5.0, 99.0])
    with pytest.raises(WaitTimeoutError, match="wait_timeout: run 7"):
        follow(FakeClient(b": keep-alive\n\n" * 9), wait_s=10, clock=lambda: next(now))


def test_without_a_log_none_is_asked_for() -> None:
    """A task with no_log does not even transfer it."""
    client = FakeClient(write(END))
    assert Follower(t.cast(t.Any, client), 7, None).follow(None) == END[1]
    assert client.asked[0]["log"] is False
