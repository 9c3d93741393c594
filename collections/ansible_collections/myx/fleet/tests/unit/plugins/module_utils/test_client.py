# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import socket
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._client import Client, quote_segment
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    UnreachableError,
)
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings

CUT = (0, None)
OK = (200, {"ok": True})


@pytest.fixture
def waits() -> list[float]:
    """Return the seconds that the client slept."""
    return []


@pytest.fixture
def client(api: t.Any, waits: list[float]) -> Client:
    """Return a client that sleeps in no time."""
    return Client(Settings(api.url, "myx_t", timeout_s=10), sleep=waits.append)


def problem(status: int, detail: str, code: str, **more: t.Any) -> tuple[int, dict[str, t.Any]]:
    """Write down a refusal as the API says it."""
    return status, dict(more, status=status, title="", detail=detail, code=code)


def test_a_request_carries_the_token_and_the_query(api: t.Any, client: Client) -> None:
    """None is left out, lists are repeated, booleans are JSON's."""
    api.answer("GET", "/hosts", OK)
    assert client.get("/hosts", pattern=None, label=["a=b", "c"], paused=True) == {"ok": True}
    (request,) = api.received
    assert request.headers["Authorization"] == "Bearer myx_t"
    assert request.query == {"label": ["a=b", "c"], "paused": ["true"]}


def test_netrc_does_not_replace_the_token(
    api: t.Any, client: Client, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's ~/.netrc names the same machine for another purpose."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    api.answer("GET", "/hosts", OK)
    client.get("/hosts")
    assert api.received[0].headers["Authorization"] == "Bearer myx_t"


def test_a_token_does_not_follow_a_redirect(api: t.Any, client: Client) -> None:
    """The answer says where the control plane wants to be called."""
    api.answer("GET", "/hosts", (308, b"", {"Location": "https://else.example/"}))
    with pytest.raises(UnreachableError, match=r"myx_url: .* redirects to https://else\.example/"):
        client.get("/hosts")
    assert len(api.received) == 1


def test_a_list_is_read_to_its_end(api: t.Any, client: Client) -> None:
    """Page after page, with the filters on each."""
    pages = [
        (200, {"results": [{"name": "a"}], "next": "/api/v1/hosts?page=2"}),
        (200, {"results": [{"name": "b"}], "next": None}),
    ]
    api.answer("GET", "/hosts", *pages)
    assert [row["name"] for row in client.list_all("/hosts", group="web")] == ["a", "b"]
    assert [one.query["page"] for one in api.received] == [["1"], ["2"]]
    assert all(one.query["group"] == ["web"] for one in api.received)


def test_what_is_not_there_is_none_or_an_error(api: t.Any, client: Client) -> None:
    """Who asks says which of both."""
    assert client.find("/hosts/web1") is None
    assert client.delete("/hosts/web1") is None
    with pytest.raises(NotFoundError, match=r"There is no such thing\."):
        client.get("/hosts/web1")
    assert len(api.received) == 3


def test_a_refusal_names_each_field(api: t.Any, client: Client) -> None:
    """All that the API says of a request arrives, and it is not repeated."""
    errors = [{"field": "address", "message": "is no address"}]
    api.answer("POST", "/hosts", problem(422, "It does not fit.", "invalid_input", errors=errors))
    with pytest.raises(ApiError, match=r"It does not fit\. address: is no address") as caught:
        client.post("/hosts", {})
    assert (caught.value.status, caught.value.code) == (422, "invalid_input")
    assert caught.value.errors == errors
    assert len(api.received) == 1


@pytest.mark.parametrize("lost", [CUT, (502, b"<html>"), (504, b""), problem(500, "No.", "error")])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_repeated_is_repeated(
    api: t.Any, client: Client, waits: list[float], method: str, lost: t.Any
) -> None:
    """After a lost answer the same is asked again, each time after twice the wait."""
    api.answer(method, "/hosts/a", lost, lost, OK)
    client._call(method, "/hosts/a")
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("lost", [CUT, (502, b"<html>")])
def test_what_may_have_been_done_is_not_repeated(
    api: t.Any, client: Client, waits: list[float], lost: t.Any
) -> None:
    """Nobody gets two runs because an answer was lost."""
    api.answer("POST", "/runs", lost, OK)
    with pytest.raises((UnreachableError, ApiError)):
        client.post("/runs", {})
    assert len(api.received) == 1
    assert not waits


def test_with_a_key_it_is_repeated(api: t.Any, client: Client) -> None:
    """The control plane does it once however often it comes, by its Idempotency-Key."""
    api.answer("POST", "/runs", CUT, (201, {"id": 1}))
    assert client.post("/runs", {}, key="job-7") == {"id": 1}
    assert [one.headers["Idempotency-Key"] for one in api.received] == ["job-7", "job-7"]


def test_what_was_surely_not_done_is_repeated(
    api: t.Any, client: Client, waits: list[float]
) -> None:
    """Too many requests: after as long as the answer says, within reason."""
    busy = problem(429, "Too often.", "too_many_requests")
    api.answer("POST", "/runs", (*busy, {"Retry-After": "7"}), (*busy, {"Retry-After": "9999"}), OK)
    client.post("/runs", {})
    assert waits == [7.0, 60.0]


def test_it_gives_up_with_the_last_error(api: t.Any, client: Client, waits: list[float]) -> None:
    """As many times as the option says, and no more."""
    api.answer("GET", "/hosts", problem(503, "The database is away.", "unavailable"))
    with pytest.raises(ApiError, match=r"The database is away\."):
        client.get("/hosts")
    assert waits == [1.0, 2.0, 4.0]
    assert len(api.received) == 4


def test_nobody_there_is_said_with_the_remedy(waits: list[float]) -> None:
    """A refused connection has sent nothing, so that everything is tried again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(UnreachableError, match=r"cannot be reached: .* Check myx_url"):
            Client(Settings(url, "myx_t"), sleep=waits.append).post("/runs", {})
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("answer", [(404, b"<html>"), (200, b"<html>")])
def test_somebody_else_is_recognized(api: t.Any, client: Client, answer: t.Any) -> None:
    """A web server at the wrong address is not mistaken for an empty control plane."""
    api.answer("GET", "/hosts/a", answer)
    with pytest.raises(UnreachableError, match="is not a control plane"):
        client.find("/hosts/a")


def test_names_are_quoted() -> None:
    """A name never leaves its part of the path."""
    assert quote_segment("../runs?x#y") == "..%2Fruns%3Fx%23y"
