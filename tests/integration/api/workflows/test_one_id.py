# SPDX-License-Identifier: GPL-3.0-or-later
"""Can what somebody asked for be found wherever it led? By one id, in every log."""

import json

from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess


async def test_one_id_leads_from_the_request_to_the_host(
    control_plane: ControlPlaneProcess, agent: AgentProcess
) -> None:
    """The answer's id stands in the logs of trigger and run, in the audit, and in the host's."""
    body = {"kind": "command", "command": ["true"], "limit": "all"}
    async with control_plane.connect() as client:
        answer = await client.post("/runs", json=body)
    request_id = answer.headers["X-Request-Id"]
    async for _ in control_plane.follow(answer.json()["id"]):
        pass

    for event in ("run_created", "run_carried_out"):
        assert [line for line in control_plane.log if event in line and request_id in line], event
    audited = (await control_plane.get("/audit", action="create_run"))["results"]
    assert [entry["request_id"] for entry in audited] == [request_id]
    on_host = [json.loads(line) for line in agent.audit_log.read_text().splitlines()]
    assert [(entry["action"], entry["request_id"]) for entry in on_host] == [
        ("start", request_id),
        ("end", request_id),
    ]


async def test_a_run_is_found_by_its_request_after_a_kill(
    control_plane: ControlPlaneProcess,
) -> None:
    """Another process that carries the run on logs the same id."""
    body = {"kind": "command", "command": ["sleep", "3600"], "limit": "all"}
    async with control_plane.connect() as client:
        answer = await client.post("/runs", json=body)
    request_id, run_id = answer.headers["X-Request-Id"], answer.json()["id"]
    await control_plane.stop(9)
    control_plane.log.clear()
    await control_plane.start()
    while not any("run_carried_out" in line and request_id in line for line in control_plane.log):
        await control_plane.wait_for_log()
    await control_plane.post(f"/runs/{run_id}/cancel", {})
