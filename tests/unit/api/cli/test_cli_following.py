# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a run: nothing is missing and nothing is doubled, whatever breaks."""

import base64
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.errors import ApiError, CliError, ConnectionLostError, NoServerError
from api.cli.remote.client import ApiClient
from api.cli.remote.sse import KEEP_ALIVE, ServerEvent
from api.cli.watching.following import RunFollower, follow_log
from api.cli.watching.patience import GIVE_UP_AFTER_S, Patience

LOG = "".join(f"línea {number}\n" for number in range(40)).encode()
RUN = {"id": 42, "status": "running"}
END = ServerEvent("end", {"id": 42, "status": "successful"})
BROKEN = ConnectionLostError("The connection broke off.")


def _piece(start: int, end: int, execution_id: str = "e1") -> ServerEvent:
    return ServerEvent(
        "log",
        {
            "execution_id": execution_id,
            "host": f"host-{execution_id}",
            "offset": start,
            "new_offset": end,
            "log_type": "stdout",
            "log_data": base64.b64encode(LOG[start:end]).decode(),
            "encoding": "base64",
        },
    )


class _Stream:
    """A control plane whose connections carry what a test wrote down for each."""

    def __init__(self, *connections: list[ServerEvent | CliError]) -> None:
        self._connections = list(connections)
        self.asked: list[dict[str, Any]] = []

    def stream(self, path: str, **query: Any) -> Iterator[ServerEvent]:
        assert path == "/runs/42/stream"
        self.asked.append(query)
        for step in self._connections.pop(0):
            if isinstance(step, CliError):
                raise step
            yield step


class _Sink:
    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}
        self.finished = False

    def write(self, host: str, log_type: str, data: bytes) -> None:
        assert log_type == "stdout"
        self.written[host] = self.written.get(host, b"") + data

    def finish(self) -> None:
        self.finished = True


class _Waits:
    """A patience whose waits take no time and are written down."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.said: list[str] = []
        self.patience = Patience(self.slept.append, self.said.append)


def _follow(stream: _Stream, sink: _Sink | None, waits: _Waits) -> Any:
    return RunFollower(cast("ApiClient", stream), 42, sink, waits.patience).follow()


def test_a_run_is_watched_to_its_end() -> None:
    """Logs are written, executions kept as they were last, the end is returned."""
    stream = _Stream(
        [
            ServerEvent("run", RUN),
            ServerEvent("execution", {"id": "e1", "status": "running"}),
            _piece(0, 10),
            ServerEvent("something-new", {}),
            _piece(10, len(LOG)),
            ServerEvent("execution", {"id": "e1", "status": "successful"}),
            END,
        ]
    )
    sink, waits = _Sink(), _Waits()
    outcome = _follow(stream, sink, waits)
    assert sink.written == {"host-e1": LOG}
    assert sink.finished
    assert outcome.run["status"] == "successful"
    assert outcome.executions == [{"id": "e1", "status": "successful"}]
    assert not waits.said


@given(st.lists(st.tuples(st.integers(0, len(LOG)), st.integers(0, len(LOG))), max_size=8))
def test_no_byte_is_missing_or_doubled(cuts: list[tuple[int, int]]) -> None:
    """Connections that break anywhere and repeat or skip anything still give the log."""
    connections: list[list[ServerEvent | CliError]] = [
        [_piece(min(cut), max(cut)), _piece(max(cut), max(cut)), BROKEN] for cut in cuts
    ]
    sink, waits = _Sink(), _Waits()
    stream = _Stream(*connections, [_piece(0, len(LOG)), END])
    _follow(stream, sink, waits)
    assert sink.written.get("host-e1", b"") == LOG


def test_it_asks_on_from_where_it_stands() -> None:
    """After a break the stream is asked for from the offsets that were written."""
    stream = _Stream(
        [_piece(0, 10, "e1"), _piece(0, 7, "e2"), BROKEN],
        [NoServerError("Nothing answers.")],
        [_piece(10, 20, "e1"), END],
    )
    sink, waits = _Sink(), _Waits()
    _follow(stream, sink, waits)
    assert [query["offsets"] for query in stream.asked] == [None, "e1:10,e2:7", "e1:10,e2:7"]
    assert sink.written["host-e1"] == LOG[:20]
    assert len(waits.slept) == 2
    assert waits.said == ["The connection broke off. Trying to come back ...", "Connected again."]


def test_a_stream_that_closes_before_the_end_is_broken() -> None:
    """A control plane that stops closes its streams properly; that is no end of the run."""
    stream = _Stream([_piece(0, 10)], [END])
    assert _follow(stream, _Sink(), _Waits()).run["status"] == "successful"
    assert len(stream.asked) == 2


def test_the_offsets_of_many_hosts_fit_into_a_url() -> None:
    """What does not fit is left out, sent again from its beginning, and dropped."""
    many = [f"{number:036}" for number in range(1000)]
    stream = _Stream(
        [*[_piece(0, 5, each) for each in many], BROKEN], [_piece(0, 5, many[-1]), END]
    )
    sink = _Sink()
    _follow(stream, sink, _Waits())
    assert 0 < len(stream.asked[1]["offsets"]) < 8000
    assert all(data == LOG[:5] for data in sink.written.values())


def test_states_only() -> None:
    """Without a place for logs none are asked for."""
    stream = _Stream([ServerEvent("execution", {"id": "e1"}), END])
    assert _follow(stream, None, _Waits()).executions == [{"id": "e1"}]
    assert stream.asked == [{"log": False}]


def test_a_refusal_is_not_repeated() -> None:
    """A run that is not there, or a wrong token, ends the watching; an overload does not."""
    refused = ApiError("There is no run 42.", status=404)
    with pytest.raises(ApiError, match="no run 42"):
        _follow(_Stream([refused]), _Sink(), _Waits())
    busy = ApiError("Not now.", status=503, retryable=True)
    assert _follow(_Stream([busy], [END]), _Sink(), _Waits()).run["status"] == "successful"


def test_it_gives_up_one_day() -> None:
    """A control plane that never comes back ends the watching with an error."""
    stream = _Stream(*[[NoServerError("Nothing answers.")] for _ in range(1000)])
    waits = _Waits()
    with pytest.raises(ConnectionLostError, match="Gave up"):
        _follow(stream, _Sink(), waits)
    assert GIVE_UP_AFTER_S <= sum(waits.slept) < GIVE_UP_AFTER_S + 10
    assert waits.said == ["Nothing answers. Trying to come back ..."]


def test_a_quiet_run_on_a_shaky_line_is_watched_for_ever() -> None:
    """A connection that lived for a while makes the patience whole again."""
    alive: list[ServerEvent | CliError] = [ServerEvent(KEEP_ALIVE, {}), BROKEN]
    stream = _Stream(*[alive] * 5000, [END])
    assert _follow(stream, _Sink(), _Waits()).run["status"] == "successful"


class _Log:
    """A control plane with one log, read by offset."""

    def __init__(self, *, cut: int) -> None:
        self._cut = cut
        self.asked: list[dict[str, Any]] = []
        self.fail_next = False

    def get(self, path: str, *, offset: int, wait_s: float) -> dict[str, Any]:
        assert path == "/executions/e1/log"
        self.asked.append({"offset": offset, "wait_s": wait_s})
        self.fail_next = not self.fail_next
        if self.fail_next:
            raise ConnectionLostError("The connection broke off.")
        end = min(offset + self._cut, len(LOG))
        data = _piece(offset, end).data
        return {**data, "size": len(LOG), "is_final": end == len(LOG)}


@pytest.mark.parametrize("wait", [True, False])
def test_a_log_is_read_by_offset(*, wait: bool) -> None:
    """From any offset to the end, over connections of which every second one breaks."""
    log, sink, waits = _Log(cut=17), _Sink(), _Waits()
    execution = {"id": "e1", "host": "web1"}
    client = cast("ApiClient", log)
    follow_log(client, execution, sink, waits.patience, offset=5, wait=wait)
    assert sink.written == {"web1": LOG[5:]}
    assert {query["wait_s"] > 0 for query in log.asked} == {wait}
