# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import io
import json
import pathlib
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    FleetError,
    UnreachableError,
)
from ansible_collections.myx.fleet.plugins.plugin_utils._agent_channel import (
    MAX_STDIN_BYTES,
    AgentChannel,
    HostError,
    MissingFileError,
)

END = {"return_code": 0, "state": "successful", "dropped_bytes": 0}
DATA = bytes(range(256)) * 2000


def fail(kind: type[FleetError], *arguments: t.Any, may_pass: bool = True) -> FleetError:
    """Make an error as the client raises it."""
    error = kind(*arguments)
    error.may_pass = may_pass
    return error


class Answer(io.BytesIO):
    """An answer with headers."""

    def __init__(self, data: bytes, **headers: str) -> None:
        super().__init__(data)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Asked(t.NamedTuple):
    """A request."""

    method: str
    path: str
    body: bytes
    query: dict[str, t.Any]


class FakeClient:
    """Gives one answer after the other, and remembers what it was asked."""

    def __init__(self, *answers: t.Any) -> None:
        self._answers = list(answers)
        self.asked: list[Asked] = []

    def open_exchange(
        self,
        method: str,
        path: str,
        body: t.Any = b"",
        headers: t.Any = None,
        query: t.Any = None,
        timeout_s: float | None = None,
    ) -> t.Any:
        """Open the next answer, or fail with it."""
        data = body.read() if hasattr(body, "read") else body
        assert headers is None or int(headers.get("Content-Length", len(data))) == len(data)
        assert timeout_s is None or timeout_s > 0
        self.asked.append(Asked(method, path, data, query or {}))
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def lines(*said: dict[str, t.Any], cut: bytes = b"") -> Answer:
    """Write the answer to a command."""
    return Answer(b"".join(json.dumps(line).encode() + b"\n" for line in said) + cut)


def piece(text: str, new_offset: int, kind: str = "stdout") -> dict[str, t.Any]:
    """Write a piece of output."""
    return {"type": kind, "encoding": "utf-8", "data": text, "new_offset": new_offset}


def received(count: int, *, complete: bool = False) -> Answer:
    """Write the answer to a piece of a file."""
    return Answer(json.dumps({"received": count, "complete": complete}).encode())


def connect(client: FakeClient, waits: list[float] | None = None) -> AgentChannel:
    """Return a channel to web1 that takes no time to wait."""
    sleep = [].append if waits is None else waits.append
    return AgentChannel(t.cast(t.Any, client), "web1", "deploy", sleep=sleep)


def test_a_command_says_both_kinds_of_output() -> None:
    """They are kept apart, whatever bytes they are."""
    raw = {"type": "stderr", "encoding": "base64", "data": "/w==", "new_offset": 4}
    client = FakeClient(lines({}, piece("one", 3), {}, raw, {**END, "return_code": 3}))
    outcome = connect(client).execute(["true"], b"in")
    assert outcome == (3, b"one", b"\xff")
    sent = client.asked[0]
    asked = json.loads(sent.body)
    assert (sent.method, sent.path) == ("POST", "/hosts/web1/connection/exec")
    assert (asked["command"], asked["stdin"], asked["user"]) == (["true"], "aW4=", "deploy")


def test_a_command_that_a_signal_ended_has_a_shells_code() -> None:
    """As over SSH."""
    client = FakeClient(lines({**END, "return_code": -9, "state": "failed"}))
    assert connect(client).execute(["true"], b"").return_code == 137


@pytest.mark.parametrize("broken", [b"", b'{"type": "std'])
def test_a_broken_answer_goes_on_where_it_was(broken: bytes) -> None:
    """The same id is sent again, so that nothing is done twice, and nothing is heard twice."""
    waits: list[float] = []
    client = FakeClient(
        lines({}, piece("one", 3), cut=broken),
        lines({"error": "away", "code": "agent_unreachable"}),
        lines({}, piece("two", 6), END),
    )
    assert connect(client, waits).execute(["true"], b"").stdout == b"onetwo"
    bodies = [json.loads(each.body) for each in client.asked]
    assert len({body["id"] for body in bodies}) == 1
    assert [body.get("offset") for body in bodies] == [None, 3, 3]
    assert waits == [1.0, 2.0]


def test_a_long_input_does_not_stay_where_its_command_is_refused() -> None:
    """It may hold secrets, and only the command itself would have removed it."""
    stdin = bytes(MAX_STDIN_BYTES + 1)
    refused = fail(ApiError, "no such account", 422, "invalid_input", may_pass=False)
    sent = received(len(stdin), complete=True)
    client = FakeClient(received(0), sent, refused, lines(END))
    with pytest.raises(ApiError, match="no such account"):
        connect(client).execute_shell("/bin/sh", "cat", stdin)
    last = json.loads(client.asked[-1].body)
    assert last["command"] == ["rm", "-f", client.asked[0].query["path"]]


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (fail(ApiError, "no such host", 404, "host_not_found", may_pass=False), 1),
        (fail(ApiError, "away", 502, "agent_unreachable"), 1),
        (fail(ApiError, "full", 503, "host_busy"), 6),
        (fail(UnreachableError, "down"), 6),
    ],
)
def test_what_will_not_pass_is_told_at_once(failure: FleetError, tries: int) -> None:
    """Only what passes by itself is waited for."""
    client = FakeClient(*[failure] * 6)
    with pytest.raises(FleetError, match=str(failure)):
        connect(client).execute(["true"], b"")
    assert len(client.asked) == tries


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"return_code": None, "state": "lost", "reason": "rebooted"}, "lost: rebooted"),
        ({**END, "dropped_bytes": 7}, "7 bytes more"),
    ],
)
def test_an_end_that_is_none_is_an_error(end: dict[str, t.Any], said: str) -> None:
    """Half an output must not be taken for all of it."""
    with pytest.raises(HostError, match=said):
        connect(FakeClient(lines(end))).execute(["true"], b"")


def test_a_command_is_ended_when_its_task_is() -> None:
    """Whatever interrupts it, the host is told."""
    client = FakeClient(KeyboardInterrupt(), Answer(b""))
    with pytest.raises(KeyboardInterrupt):
        connect(client).execute(["sleep"], b"")
    sent, asked = json.loads(client.asked[0].body), client.asked[1]
    assert (asked.method, asked.path) == ("DELETE", f"/hosts/web1/connection/exec/{sent['id']}")


def test_a_small_file_is_one_request(tmp_path: pathlib.Path) -> None:
    """With its sum and mode."""
    (tmp_path / "file").write_bytes(b"hello")
    client = FakeClient(received(5, complete=True))
    connect(client).put_file(str(tmp_path / "file"), "/srv/file", "0600")
    (asked,) = client.asked
    query = asked.query
    assert asked.body == b"hello"
    assert query["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert (query["path"], query["size"], query["mode"]) == ("/srv/file", 5, "0600")


def test_a_large_file_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    """It is asked for first, and after a break."""
    (tmp_path / "file").write_bytes(DATA)
    client = FakeClient(
        received(0), OSError("cut"), received(1000), received(len(DATA), complete=True)
    )
    connect(client).put_file(str(tmp_path / "file"), "/srv/file", "0600")
    assert [each.body for each in client.asked] == [b"", DATA, DATA, DATA[1000:]]
    assert [each.query["offset"] for each in client.asked] == [0, 0, 0, 1000]


def test_a_large_file_that_is_there_is_not_sent(tmp_path: pathlib.Path) -> None:
    """A question is enough."""
    (tmp_path / "file").write_bytes(DATA)
    client = FakeClient(received(len(DATA), complete=True))
    connect(client).put_file(str(tmp_path / "file"), "/srv/file", "0600")
    assert [each.body for each in client.asked] == [b""]


def test_a_fetched_file_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    """From its offset, in the version that it had."""
    length = str(len(DATA))
    rest = str(len(DATA) - 1000)
    client = FakeClient(
        Answer(DATA[:1000], Content_Length=length, X_File_Version="v1"),
        Answer(DATA[1000:], Content_Length=rest, X_File_Version="v1"),
    )
    connect(client).fetch_file("/srv/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == DATA
    asked = [(each.query["offset"], each.query["version"]) for each in client.asked]
    assert asked == [(0, None), (1000, "v1")]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("'/a': No such file or directory", MissingFileError), ("'/a' is a folder", HostError)],
)
def test_what_the_host_refuses_is_told(
    tmp_path: pathlib.Path, said: str, kind: type[Exception]
) -> None:
    """A file that is not there is told from one that cannot be read."""
    client = FakeClient(fail(ApiError, said, 409, "file_refused", may_pass=False))
    with pytest.raises(kind, match=said):
        connect(client).fetch_file("/a", str(tmp_path / "file"))
