# SPDX-License-Identifier: GPL-3.0-or-later
"""What do traces show of a run? From the request to the calls of the agent, as one trace."""

import sys
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from run_types import AddHost, Follow

from api.composition import Composition
from api.core.errors import SettingsError
from api.core.tracing import spans

COMMAND = {"kind": "command", "command": ["echo", "hello"], "limit": "all"}
CALLERS = "4bf92f3577b34da6a3ce929d0e0e4736"

Collect = Callable[[], list[ReadableSpan]]


@pytest.fixture
def collect() -> Iterator[Collect]:
    """Trace, and return what was traced, after which nothing is."""
    exporter = InMemorySpanExporter()
    spans.start_tracing(exporter)

    def read() -> list[ReadableSpan]:
        spans.stop_tracing()
        return list(exporter.get_finished_spans())

    yield read
    spans.stop_tracing()


async def test_one_trace_leads_from_the_request_to_the_agent(
    client: httpx.AsyncClient,
    composition: Composition,
    add_host: AddHost,
    follow: Follow,
    collect: Collect,
) -> None:
    """Each span lies in the one before, and all have the id that the answer has."""
    await add_host("web1")
    answer = await client.post("/runs", json=COMMAND)
    await follow(answer.json()["id"])
    await composition._conductor._engine.finish()  # type: ignore[attr-defined]

    trace_id = UUID(answer.headers["X-Request-Id"]).int
    found = [each for each in collect() if each.context.trace_id == trace_id]
    by_id = {each.context.span_id: each for each in found}
    (started,) = [each for each in found if each.name == "agent execute_command"]
    names = []
    while started is not None:
        names.append(started.name)
        started = by_id.get(started.parent.span_id) if started.parent else None
    assert names == ["agent execute_command", "execution", "run", "POST"]


async def test_a_request_joins_its_callers_trace(
    client: httpx.AsyncClient, collect: Collect
) -> None:
    """Where traces are made, a caller's trace id is the request's id."""
    headers = {"traceparent": f"00-{CALLERS}-00f067aa0ba902b7-01"}
    answer = await client.get("/hosts", headers=headers)
    assert UUID(answer.headers["X-Request-Id"]).hex == CALLERS
    assert CALLERS in {f"{each.context.trace_id:032x}" for each in collect()}


async def test_without_traces_nobody_chooses_a_requests_id(client: httpx.AsyncClient) -> None:
    """A caller's header is not looked at."""
    answer = await client.get(
        "/hosts", headers={"traceparent": f"00-{CALLERS}-00f067aa0ba902b7-01"}
    )
    assert UUID(answer.headers["X-Request-Id"]).hex != CALLERS


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces without the packages are refused at the start, with what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"myx\[otel\]"):
        spans.start_tracing()
