# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: what happens is told, signed, to those who may know and want to."""

from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from https_receiver import HttpsReceiver
from manual_clock import ManualClock
from pydantic import SecretStr
from sqlalchemy import update

from api.composition import Composition
from api.executions.service import End
from api.hosts.schemas import Enrollment
from api.hosts.targets import Contact
from api.models import Execution, Run
from api.models.triggers.notification import NotificationEvent
from api.triggers.signatures import find_delivery_key

RUN = {"kind": "command", "command": ["echo", "--token", "w0rd"], "limit": "web1"}
ENROLLMENT = Enrollment(
    address="192.0.2.9",
    rpc_port=20_009,
    rpc_path="abcdefghijkl",
    agent_token=SecretStr("token-of-the-agent"),
    secret_key=SecretStr("secret-key-of-the-agent"),
    cert_fingerprint="ab" * 32,
)
HOSTS = ["host_offline", "host_online"]


async def run(client: httpx.AsyncClient, **changes: Any) -> int:
    """Let a run come to its end, and return its number."""
    answer = await client.post("/runs", json={**RUN, **changes})
    assert answer.status_code == 201, answer.text
    run_id: int = answer.json()["id"]
    assert (await client.get(f"/runs/{run_id}/stream")).status_code == 200
    return run_id


async def hear_of(composition: Composition, *contacts: Contact) -> None:
    """Write down which hosts answered, as heartbeats do."""
    async with composition.unit_of_work() as work:
        await work.presence.record_contacts(contacts)


def list_events(receiver: HttpsReceiver) -> list[str]:
    """List what was told, as it came."""
    return [received.payload["event"] for received in receiver.received]


async def test_a_run_is_told_from_its_start_to_its_end(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    clock: ManualClock,
) -> None:  # fmt: skip
    """In this order, signed, with a sentence; of a command only its program."""
    added = await add_notification(headers={"Authorization": "Bearer h3ader"})
    run_id = await run(client)
    await carry()
    assert list_events(receiver) == ["run_started", "run_successful"]
    for received in receiver.received:
        key = find_delivery_key(
            "myx", [added["secret"]], received.headers, received.body, clock.now().timestamp()
        )
        assert key == f"id:{received.payload['delivery']}"
        assert received.headers["x-myx-event"] == received.payload["event"]
        assert received.headers["authorization"] == "Bearer h3ader"
    told = receiver.received[1].payload
    assert told["version"] == 1
    assert told["notification"] == {"id": added["id"], "name": "ops"}
    assert told["run"]["id"] == run_id
    assert told["run"]["name"] == "echo"
    assert told["run"]["counts"] == {"successful": 1}
    assert told["text"] == (f"Run {run_id}, echo by admin, was successful: 1 host: successful.")
    listed = (await client.get(f"/notifications/{added['id']}/deliveries")).json()["results"]
    assert [(each["status"], each["attempts"], each["status_code"]) for each in listed] == [
        ("delivered", 1, 204)
    ] * 2
    path = f"/notifications/{added['id']}/deliveries/{listed[0]['id']}"
    assert (await client.get(path)).json()["payload"] == told


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"events": ["run_successful"]}, ["run_successful"]),
        ({"events": ["run_failed"]}, []),
        ({"templates": ["site.yml"]}, []),
        ({"templates": ["@command"]}, ["run_started", "run_successful"]),
        ({"groups": ["web"]}, ["run_started", "run_successful"]),
        ({"groups": ["db"]}, []),
        ({"labels": ["env=prod"]}, ["run_started", "run_successful"]),
        ({"labels": ["env=test"]}, []),
        ({"triggered_by": ["admin"]}, ["run_started", "run_successful"]),
        ({"triggered_by": ["alice"]}, []),
        ({"is_enabled": False}, []),
    ],
)
async def test_what_is_told_can_be_chosen(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    chosen: dict[str, Any], expected: list[str],
) -> None:  # fmt: skip
    """By event, template, group, label and who started it."""
    changed = await client.patch("/hosts/web1", json={"labels": {"env": "prod"}})
    assert changed.status_code == 200, changed.text
    await add_notification(**chosen)
    await run(client)
    await carry()
    assert list_events(receiver) == expected


async def test_owners_are_told_what_they_may_see(
    client: httpx.AsyncClient, connect: Connect, add_operator: AddUser, receiver: HttpsReceiver,
    add_notification: Any, carry: Any, composition: Composition,
) -> None:  # fmt: skip
    """At the moment that it happens; who is disabled is told nothing."""
    events = ["run_successful", *HOSTS]
    for name, group in (("alice", "web"), ("bob", "db"), ("carol", "web")):
        token = await add_operator(name, grants=[{"role": "operator", "groups": [group]}])
        await add_notification(
            connect(token["token"]), name=name, events=events, groups=["web", "db"]
        )
    answer = await client.patch("/users/carol", json={"is_disabled": True})
    assert answer.status_code == 200, answer.text
    await run(client)
    await hear_of(composition, Contact(1, None, error="No answer."))
    await carry()
    payloads = [received.payload for received in receiver.received]
    told = [(payload["notification"]["name"], payload["event"]) for payload in payloads]
    assert sorted(told) == [("alice", "host_offline"), ("alice", "run_successful")]


async def test_hosts_that_go_together_are_told_together(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition,
) -> None:  # fmt: skip
    """One message for all of them, and one when they are back; maintenance is no news."""
    async with composition.unit_of_work() as work:
        for name in ("web2", "web3"):
            await work.host_agents.enroll_host(name, ENROLLMENT, "1.0")
    duty = await client.put("/hosts/web3/maintenance", json={"enabled": True})
    assert duty.status_code == 200, duty.text
    await add_notification(events=HOSTS)
    for error in ("No answer.", None):
        contacts = [Contact(host_id, "1.0", error=error) for host_id in (1, 2, 3)]
        await hear_of(composition, *contacts)
        await hear_of(composition, *contacts)
    await carry()
    first, second = (received.payload for received in receiver.received)
    assert (first["event"], second["event"]) == ("host_offline", "host_online")
    assert first["text"] == "2 hosts are offline: web1, web2."
    assert [host["name"] for host in first["hosts"]] == ["web1", "web2"]
    assert first["hosts"][0]["reason"] == "No answer."


async def test_a_host_whose_agent_is_installed_again_is_back(
    receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition,
) -> None:  # fmt: skip
    """An agent that answers at its enrolment need not wait for a heartbeat to be told of."""
    await add_notification(events=["host_online"])
    await hear_of(composition, Contact(1, None, error="No answer."))
    async with composition.unit_of_work() as work:
        await work.host_agents.enroll_host("web1", ENROLLMENT, "1.0")
    await carry()
    [received] = receiver.received
    assert received.payload["text"] == "The host web1 is online again."


async def test_an_end_that_turns_out_otherwise_is_told_again(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition,
) -> None:  # fmt: skip
    """A run that was given up, and whose host comes back with its real end, is told of twice."""
    await add_notification(events=["run_successful", "run_failed"])
    run_id = await run(client)
    async with composition.unit_of_work() as work:
        lost = {"status": "lost", "reason_code": "agent_lost"}
        await work._session.execute(update(Execution).values(**lost))
        await work._session.execute(update(Run).values(status="failed", reason="1 host: lost."))
    async with composition.unit_of_work() as work:
        [task] = await work.executions.list_tasks(run_id)
        end = End("successful", "completed", "Exited with 0.")
        assert await work.executions.correct_execution(task.id, end, 0, None) is not None
        assert await work.runs.correct_run(run_id)
    await carry()
    assert list_events(receiver) == ["run_successful", "run_successful"]


async def test_what_nobody_chose_is_not_sent(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition, clock: ManualClock,
) -> None:  # fmt: skip
    """Nor what was before somebody chose it."""
    await add_notification(name="first", events=["run_failed"])
    await run(client)
    await hear_of(composition, Contact(1, None, error="No answer."))
    await clock.sleep(1)
    await add_notification(name="second")
    await carry()
    assert list_events(receiver) == []
    async with composition.unit_of_work(read_only=True) as work:
        assert not await work.telling.fanout.has_events()


async def test_what_cannot_be_told_keeps_nobody_else_from_hearing(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition,
) -> None:  # fmt: skip
    """An event that one notification fails over is set aside for it, counted, and told others."""
    await add_notification(name="picky", triggered_by=["admin"])
    await add_notification(name="all")
    first = await run(client)
    async with composition.unit_of_work() as work:
        broken = {"facts": {"id": first}}  # lacks what the first notification looks at
        started = NotificationEvent.event == "run_started"
        await work._session.execute(update(NotificationEvent).where(started).values(broken))
    await carry()
    second = await run(client)
    await carry()

    told = [
        (each.payload["notification"]["name"], each.payload["event"], each.payload["run"]["id"])
        for each in receiver.received
    ]
    assert ("picky", "run_started", first) not in told
    assert ("picky", "run_successful", first) in told
    assert ("all", "run_successful", first) in told
    assert {(name, "run_started", second) for name in ("picky", "all")} < set(told)
    async with composition.unit_of_work(read_only=True) as work:
        assert not await work.telling.fanout.has_events()
    figures = (await composition.monitor.write_figures()).decode()
    [line] = [each for each in figures.splitlines() if "events_set_aside_total" in each][-1:]
    assert float(line.split()[1]) >= 1


async def test_who_went_offline_in_maintenance_is_told_of_at_its_end(
    client: httpx.AsyncClient, receiver: HttpsReceiver, add_notification: Any, carry: Any,
    composition: Composition, clock: ManualClock,
) -> None:  # fmt: skip
    """Where it still is: not who was offline before, of whom was told then, or is back."""
    async with composition.unit_of_work() as work:
        for name in ("web2", "web3"):
            await work.host_agents.enroll_host(name, ENROLLMENT, "1.0")
    await add_notification(events=["host_offline"])
    await hear_of(composition, Contact(2, "1.0", error="No answer."))
    await carry()
    await clock.sleep(1)
    for name in ("web1", "web2", "web3"):
        await client.put(f"/hosts/{name}/maintenance", json={"enabled": True})
    await hear_of(composition, *(Contact(id_, "1.0", error="No answer.") for id_ in (1, 3)))
    await hear_of(composition, Contact(3, "1.0"))
    await carry()
    assert [each.payload["text"] for each in receiver.received] == ["The host web2 is offline."]

    for name in ("web1", "web2", "web3"):
        await client.put(f"/hosts/{name}/maintenance", json={"enabled": False})
    await carry()

    assert len(receiver.received) == 2
    [host] = receiver.received[1].payload["hosts"]
    assert host["name"] == "web1"
    assert "during it" in host["reason"]
