# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that were started elsewhere and are reported here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from access_types import Connect
from held_clock import HeldClock
from run_types import AddHost, Follow, PostRun
from sse import join_log, parse_events

from api.auth.scopes import Reach, Scope
from api.composition import Composition
from api.core.settings import Settings

Json = dict[str, Any]
Report = Callable[..., Awaitable[Json]]

OPENED = {"name": "site.yml", "reported_from": "awx-1", "job": "awx-42", "check": True}
RECAP = {"ok": 2, "changed": 1}


@pytest.fixture
def clock() -> HeldClock:
    """Return a clock that goes on when a test says so."""
    return HeldClock()


@pytest.fixture
async def opened(client: httpx.AsyncClient) -> Json:
    """Return a reported run that has just been opened."""
    answer = await client.post("/runs/reported", json=OPENED)
    assert answer.status_code == 201, answer.text
    run: Json = answer.json()
    assert answer.headers["Location"] == f"/api/v1/runs/{run['id']}"
    return run


@pytest.fixture
def report(client: httpx.AsyncClient, opened: Json) -> Report:
    """Return a function that reports how the run goes on."""

    async def send(end: str = "", **body: Any) -> Json:
        answer = await client.post(f"/runs/{opened['id']}/report{end}", json=body)
        assert answer.status_code == 200, answer.text
        taken: Json = answer.json()
        return taken

    return send


def tell(counter: int, host: str | None = None, event: str = "runner_on_ok") -> Json:
    """Make an event."""
    data = {"host": host, "task": "Say hello"} if host else {"play": "web"}
    return {"counter": counter, "event": event, "uuid": str(counter), "event_data": data}


def write(offset: int, text: str, log_type: str = "stdout") -> Json:
    """Make a piece of the log."""
    return {"offset": offset, "data": text, "log_type": log_type}


async def report_failure(report: Report) -> None:
    """Report a playbook that failed on one of its hosts, which is not known here."""
    await report(
        log=[write(12, "ok: [web1]\n"), write(23, "fatal: [other]\n", "stderr")],
        events=[tell(2, "web1"), tell(3, "other.example.org", "runner_on_failed")],
    )
    recap = {"web1": RECAP, "other.example.org": {"failed": 1}}
    await report("/end", status="failed", return_code=2, recap=recap)


async def list_executions(client: httpx.AsyncClient, run: Json) -> dict[str, Json]:
    """Return the executions of a run by host."""
    rows = (await client.get(f"/runs/{run['id']}/executions")).json()["results"]
    return {row["host"]: row for row in rows}


async def test_a_reported_run_is_shown_like_any_other(
    client: httpx.AsyncClient, opened: Json, report: Report, add_host: AddHost, follow: Follow
) -> None:
    """Its log comes live, its hosts with events and recap, and it ends as it did elsewhere."""
    await add_host("web1", "web")
    following = asyncio.create_task(follow(opened["id"]))
    await report(log=[write(0, "PLAY [wéb]\n")], events=[tell(1, event="playbook_on_play_start")])
    await report_failure(report)
    events = await following

    run = (await client.get(f"/runs/{opened['id']}")).json()
    assert (run["kind"], run["name"], run["status"]) == ("reported", "site.yml", "failed")
    assert (run["reported_from"], run["job"], run["check"]) == ("awx-1", "awx-42", True)
    assert (run["hosts_total"], run["counts"]) == (2, {"successful": 1, "failed": 1})
    assert [wave["counts"] for wave in run["waves"]] == [{"successful": 1, "failed": 1}]
    executions = await list_executions(client, run)
    assert {host: each["status"] for host, each in executions.items()} == {
        "control node": "failed",
        "other.example.org": "failed",
        "web1": "successful",
    }
    assert executions["web1"]["recap"]["changed"] == 1
    assert executions["other.example.org"]["reason"] == "1 task failed."
    assert executions["control node"]["return_code"] == 2
    node = executions["control node"]["id"]
    log = (await client.get(f"/executions/{node}/log/download")).content.decode()
    assert log == "PLAY [wéb]\nok: [web1]\nfatal: [other]\n" == join_log(events, node)
    assert executions["control node"]["log_bytes"] == len(log.encode())
    told = (await client.get(f"/executions/{executions['web1']['id']}/events")).json()
    assert ([event["counter"] for event in told["events"]], told["is_final"]) == ([2], True)
    assert events[-1][0] == "end"
    assert {data["host"] for name, data in events if name == "execution"} == set(executions)
    listed = (await client.get("/runs", params={"host": "web1"})).json()["results"]
    assert [row["counts"] for row in listed] == [run["counts"]]


async def test_what_is_sent_again_does_nothing_twice(
    client: httpx.AsyncClient, report: Report
) -> None:
    """The opening by its key, events by their numbers, the log by its offsets, the end as such."""
    key = {"Idempotency-Key": "awx-42"}
    first = await client.post("/runs/reported", json=OPENED, headers=key)
    again = await client.post("/runs/reported", json=OPENED, headers=key)
    other = await client.post("/runs/reported", json=OPENED | {"name": "b.yml"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]

    for _ in range(2):
        await report(log=[write(0, "one\n")], events=[tell(1, "web1")])
    await report(log=[write(2, "e\ntwo\n")], events=[tell(2, "web1"), tell(1, "web1")])
    ends = [await report("/end", status="successful", recap={"web1": RECAP}) for _ in range(2)]

    assert ends[0] == ends[1]
    executions = await list_executions(client, ends[0])
    log = await client.get(f"/executions/{executions['control node']['id']}/log/download")
    assert log.text == "one\ntwo\n"
    told = (await client.get(f"/executions/{executions['web1']['id']}/events")).json()
    assert [event["counter"] for event in told["events"]] == [1, 2]
    audited = (await client.get("/audit", params={"object_kind": "runs"})).json()["results"]
    # The pieces would bury everything else.
    assert {row["action"] for row in audited} == {"open_reported_run", "end_reported_run"}


async def test_a_hole_in_the_log_is_refused(
    client: httpx.AsyncClient, opened: Json, report: Report
) -> None:
    """What would leave a hole is not stored, and the answer says from where to send again."""
    await report(log=[write(0, "one\n")])
    answer = await client.post(f"/runs/{opened['id']}/report", json={"log": [write(5, "three\n")]})
    assert (answer.status_code, answer.json()["code"]) == (409, "report_gap")
    assert "from 4" in answer.json()["detail"]


async def test_a_run_whose_reporter_is_silent_is_lost(
    client: httpx.AsyncClient,
    opened: Json,
    report: Report,
    clock: HeldClock,
    follow: Follow,
    settings: Settings,
) -> None:
    """Each report counts, an empty one too; then nobody can go on with it."""
    lost_after_s = settings.agent_lost_after_s
    await clock.pass_time(lost_after_s - 1)
    taken = await report()
    assert (taken["status"], taken["lost_after_s"]) == ("running", lost_after_s)
    await report(log=[write(0, "half of it\n")], events=[tell(1, "web1")])
    await clock.pass_time(2)
    following = asyncio.create_task(follow(opened["id"]))
    await clock.pass_time(lost_after_s)

    end = (await following)[-1][1]

    assert (end["status"], end["reason_code"]) == ("lost", "reporter_lost")
    assert end["counts"] == {"lost": 1}
    executions = await list_executions(client, end)
    assert executions["control node"]["log_bytes"] == len("half of it\n")
    late = await client.post(f"/runs/{opened['id']}/report", json={})
    assert (late.status_code, late.json()["code"]) == (409, "run_ended")
    late = await client.post(f"/runs/{opened['id']}/report/end", json={"status": "failed"})
    assert (late.status_code, late.json()["code"]) == (409, "run_ended")


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "retry"])
async def test_a_reported_run_is_not_steered_from_here(
    client: httpx.AsyncClient, opened: Json, verb: str
) -> None:
    """Whoever tries learns where it was started."""
    answer = await client.post(f"/runs/{opened['id']}/{verb}")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_reported")
    assert "awx-1" in answer.json()["detail"]


async def test_only_whoever_opened_a_run_reports_it(
    client: httpx.AsyncClient, opened: Json, connect: Connect
) -> None:
    """Neither another operator, nor a viewer, nor an operator of a group."""
    told = []
    for name, grant in (
        ("other", {"role": "operator"}),
        ("viewer", {"role": "viewer"}),
        ("limited", {"role": "operator", "groups": ["web"]}),
    ):
        made = await client.post("/tokens", json={"name": name, "grants": [grant], "is_own": True})
        assert made.status_code == 201, made.text
        async with connect(made.json()["token"]) as somebody:
            answer = await somebody.post(f"/runs/{opened['id']}/report", json={})
            told.append((answer.status_code, answer.json()["code"]))
    assert told == [(403, "permission_denied")] * 3


async def test_a_run_from_here_is_reported_by_nobody(
    client: httpx.AsyncClient, add_host: AddHost, post_run: PostRun, follow: Follow
) -> None:
    """Only a run that was opened for it takes reports."""
    await add_host("web1")
    run = await post_run(kind="command", command=["true"], limit="all")
    await follow(run["id"])
    answers = [
        await client.post(f"/runs/{run['id']}/report", json={}),
        await client.post(f"/runs/{run['id']}/report/end", json={"status": "failed"}),
    ]
    assert [answer.json()["code"] for answer in answers] == ["run_not_reported"] * 2


async def test_who_sees_a_group_sees_its_hosts_as_they_come(
    composition: Composition, opened: Json, report: Report, add_host: AddHost
) -> None:
    """Others' hosts stay hidden, and the log, which is about all of them."""
    await add_host("web1", "web")
    await add_host("web2", "web")
    await add_host("db1", "db")
    await report(log=[write(0, "all of it\n")], events=[tell(1, "web1"), tell(2, "db1")])
    scope = Scope((Reach(frozenset({"web"})),))
    stream = composition.run_streams.follow(opened["id"], scope, {}, with_log=True)
    text = (await anext(stream)).decode()
    await report(events=[tell(3, "web2"), tell(4, "db1")])
    await report("/end", status="successful")
    text += b"".join([part async for part in stream]).decode()
    assert '"web1"' in text
    assert '"web2"' in text
    assert "db1" not in text
    assert "all of it" not in text
    assert parse_events(text)[-1][1]["counts"] == {"successful": 2}


async def test_a_restart_lets_nobody_be_lost_at_once(
    composition: Composition, opened: Json, report: Report, clock: HeldClock
) -> None:
    """While the control plane stood still nobody could be heard: the time counts anew."""
    await report()
    engine: Any = composition._conductor._engine
    await engine.close()
    clock._passed_s += 10_000
    await engine.open("", [opened["id"]])
    await clock.pass_time(1)
    assert (await report())["status"] == "running"
