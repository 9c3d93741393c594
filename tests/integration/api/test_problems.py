# SPDX-License-Identifier: GPL-3.0-or-later
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from api.core.middleware import MAX_BODY_BYTES

HOSTS = "/api/v1/hosts"
JSON = {"Content-Type": "application/json"}


def _check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    problem: dict[str, object] = answer.json()
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["code"] == code
    assert {"type", "title", "detail"} <= problem.keys()
    return problem


async def test_an_unknown_path_is_a_problem(client: httpx.AsyncClient) -> None:
    """404 names the path and where the routes are listed."""
    problem = _check_problem(await client.get("/api/v1/nothing"), 404, "not_found")
    assert problem["detail"] == "There is nothing at /api/v1/nothing. /docs lists every route."


async def test_a_wrong_method_is_a_problem(client: httpx.AsyncClient) -> None:
    """405 says which method, and Allow names all that the path takes."""
    answer = await client.put(HOSTS)
    _check_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
async def test_text_that_cannot_be_stored_is_refused(client: httpx.AsyncClient, text: str) -> None:
    """On every database: in a body at any depth, as a name in it, in a query and in a path."""
    body = {"name": "web1", "address": "192.0.2.1", "variables": {"a": [{text: f"x{text}"}]}}
    answer = await client.post(HOSTS, content=json.dumps(body), headers=JSON)
    problem = _check_problem(answer, 422, "invalid_input")
    assert {error["field"] for error in problem["errors"]} == {"variables.a.0.\ufffd"}


async def test_a_nul_in_a_path_or_a_query_is_refused(client: httpx.AsyncClient) -> None:
    """It is named by where it stands."""
    problem = _check_problem(await client.get(f"{HOSTS}/a%00b"), 422, "invalid_input")
    assert problem["errors"][0]["field"] == "path.name"
    problem = _check_problem(await client.get(f"{HOSTS}?search=%00"), 422, "invalid_input")
    assert problem["detail"].startswith("query.search: has a NUL")


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
async def test_numbers_that_are_none_are_refused(client: httpx.AsyncClient, number: str) -> None:
    """Neither JSON nor PostgreSQL knows them, though Python reads them."""
    body = f'{{"name": "web1", "address": "192.0.2.1", "variables": {{"a": {number}}}}}'
    answer = await client.post(HOSTS, content=body, headers=JSON)
    problem = _check_problem(answer, 422, "invalid_input")
    assert problem["errors"][0]["field"] == "variables.a"


@pytest.mark.parametrize(
    "path",
    [
        f"/runs/{2**31}",
        f"/runs/1/executions?wave={2**31}",
        f"/executions/x/log?offset={2**63}",
        f"/executions/x/events?after={2**31}",
    ],
)
async def test_numbers_beyond_a_column_are_refused(client: httpx.AsyncClient, path: str) -> None:
    """A number that no row can have is refused with its bound."""
    problem = _check_problem(await client.get(f"/api/v1{path}"), 422, "invalid_input")
    assert "less than or equal to" in problem["detail"]


async def test_every_field_that_does_not_fit_is_named(client: httpx.AsyncClient) -> None:
    """422 lists all fields with what would be right, and repeats no secret."""
    body = {
        "name": "all",
        "address": "1.2.3.999",
        "ssh_private_key": "hunter2",
        "ssh_port": 0,
        "groups": ["a b"],
        "colour": "red",
    }
    answer = await client.post(HOSTS, json=body)
    problem = _check_problem(answer, 422, "invalid_input")
    fields = {error["field"]: error["message"] for error in problem["errors"]}  # type: ignore[attr-defined]
    assert fields.keys() == {"name", "address", "ssh_private_key", "ssh_port", "groups.0", "colour"}
    assert fields["colour"] == "unknown; leave it out or correct its name"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"{", "not JSON"), (b"[]", "must be a JSON object"), (b"", "must be a JSON object")],
)
async def test_a_body_that_is_no_object_is_a_problem(
    client: httpx.AsyncClient, content: bytes, says: str
) -> None:
    """Broken JSON, another type and no body at all are told apart."""
    answer = await client.post(HOSTS, content=content, headers={"Content-Type": "application/json"})
    assert says in str(_check_problem(answer, 422, "invalid_input")["detail"])


async def test_deep_json_is_a_problem(client: httpx.AsyncClient) -> None:
    """A body nested beyond sense is refused and takes nothing down."""
    content = b"[" * 100_000
    answer = await client.post(HOSTS, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_unknown_filters_are_a_problem(client: httpx.AsyncClient) -> None:
    """A misspelt filter is an error and not a list of everything."""
    problem = _check_problem(await client.get(f"{HOSTS}?gruop=web"), 422, "invalid_input")
    assert problem["errors"][0]["field"] == "query.gruop"  # type: ignore[index]


async def test_a_large_body_is_refused(client: httpx.AsyncClient) -> None:
    """413 comes for a body whose length says so and for one that only turns out to be."""

    async def pour() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * (MAX_BODY_BYTES // 4)

    declared = await client.post(HOSTS, content=b" " * (MAX_BODY_BYTES + 1))
    assert "4 MiB" in str(_check_problem(declared, 413, "too_large")["detail"])
    streamed = await client.post(
        HOSTS, content=pour(), headers={"Content-Type": "application/json"}
    )
    assert "4 MiB" in str(_check_problem(streamed, 413, "too_large")["detail"])


async def test_a_fault_leaks_nothing(app: FastAPI, client: httpx.AsyncClient) -> None:
    """500 carries an id that the log has too, and none of what went wrong."""

    @app.get("/api/v1/fault")
    async def fail() -> None:
        raise RuntimeError("the password is hunter2")

    answer = await client.get("/api/v1/fault")
    problem = _check_problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.text
    assert problem["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path", ["/healthz", "/docs", "/api/v1/nothing", "/docs/assets/swagger-ui.css"]
)
async def test_every_answer_has_safe_headers(client: httpx.AsyncClient, path: str) -> None:
    """Pages, assets, data and errors allow nothing from elsewhere and no frame around them."""
    headers = (await client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
