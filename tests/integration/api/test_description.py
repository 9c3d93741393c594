# SPDX-License-Identifier: GPL-3.0-or-later
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

WITHOUT_TOKEN = {"POST /api/v1/session", "POST /api/v1/webhooks/{webhook_id}/deliveries"}
"""What is proven by a password or a signature instead of a token."""


@pytest.fixture
def operations(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    """Return every operation with its path."""
    paths = app.openapi()["paths"]
    return [(f"{m.upper()} {path}", op) for path, item in paths.items() for m, op in item.items()]


def test_every_operation_reads_well(operations: list[tuple[str, dict[str, Any]]]) -> None:
    """Each has a tag that is described, a summary, a description, and a name for generators."""
    for where, operation in operations:
        assert operation["tags"], where
        assert len(operation["summary"]) <= 60, where
        assert operation["description"].rstrip().endswith("."), where
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), where
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)


def test_tags_are_described(app: FastAPI, operations: list[tuple[str, dict[str, Any]]]) -> None:
    """No operation has a tag that the description does not explain."""
    described = {tag["name"] for tag in app.openapi()["tags"]}
    assert {tag for _, operation in operations for tag in operation["tags"]} <= described


def test_errors_are_documented(operations: list[tuple[str, dict[str, Any]]]) -> None:
    """Every error is documented as a problem, and what is protected can answer 401."""
    for where, operation in operations:
        errors = {code: r for code, r in operation["responses"].items() if code >= "400"}
        for code, response in errors.items():
            schemas = [content["schema"] for content in response["content"].values()]
            assert schemas == [{"$ref": "#/components/schemas/Problem"}], (where, code)
            assert list(response["content"]) == ["application/problem+json"], (where, code)
        if "/api/v1/" in where:
            assert "401" in errors, where
            assert operation.get("security") or where in WITHOUT_TOKEN, where


async def test_the_page_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    """The page's scripts and styles come from this server, and none stands in the page itself."""
    page = (await client.get("/docs")).text
    assert "http" not in page.replace("http-equiv", "")
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    for path in re.findall(r'(?:src|href)="([^"#:]+)"', page):
        answer = await client.get(f"/{path}")
        assert answer.status_code == 200, path
        assert len(answer.content) > 100
