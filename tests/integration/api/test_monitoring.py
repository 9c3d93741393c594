# SPDX-License-Identifier: GPL-3.0-or-later
"""What do those learn who watch the control plane?"""

import httpx
import pytest

from agent_runner.protocol.methods import NoParams
from api.agents.calls import HEALTH_CHECK, Endpoint
from api.agents.errors import AgentError
from api.composition import Composition


async def test_figures_are_for_those_with_a_token(
    anonymous: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    """A scrape is answered in Prometheus's format; without a token it is refused."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "myx_event_loop_lag_seconds_count" in answer.text
    assert "process_resident_memory_bytes" in answer.text
    del anonymous.headers["Authorization"]
    assert (await anonymous.get("/metrics")).status_code == 401


async def test_calls_to_agents_are_counted(client: httpx.AsyncClient, parts: Composition) -> None:
    """A call that fails shows under its method and its code."""
    nowhere = Endpoint("web1", "127.0.0.1", 1, "p", "t", "ab" * 32)
    with pytest.raises(AgentError):
        await parts.agents.call(nowhere, HEALTH_CHECK, NoParams())
    figures = (await client.get("/metrics")).text
    line = 'myx_agent_call_errors_total{code="agent_unreachable",method="health_check"} 1.0'
    assert line in figures


async def test_the_control_plane_is_ready(anonymous: httpx.AsyncClient, parts: Composition) -> None:
    """It is ready when database, engine and disk are, and says which of them is not."""
    answer = await anonymous.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready"}
    parts.monitor.is_open = False
    answer = await anonymous.get("/readyz")
    assert answer.status_code == 503
    assert "engine" in answer.json()["detail"]
