# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: due once whoever looks, caught up with or not, with the owner's rights of then."""

import asyncio
from typing import Any

import httpx
import pytest
from access_types import AddUser, Connect
from manual_clock import ManualClock

from api.composition import Composition

RUN = {"kind": "command", "command": ["true", "hunter2"], "limit": "web1"}
HOURLY = {"name": "hourly", "cron": "0 * * * *", "run": RUN}


async def add(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Add a schedule."""
    answer = await client.post("/schedules", json=HOURLY | changes)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/schedules/{added['id']}"
    return added


async def show(client: httpx.AsyncClient, schedule_id: int) -> dict[str, Any]:
    """Return a schedule."""
    shown: dict[str, Any] = (await client.get(f"/schedules/{schedule_id}")).json()
    return shown


async def count_runs(client: httpx.AsyncClient) -> int:
    """Return how many runs there are."""
    count: int = (await client.get("/runs")).json()["count"]
    return count


async def finish(composition: Composition) -> None:
    """Wait until all runs have ended."""
    await composition._conductor._engine.finish()  # type: ignore[attr-defined]


async def test_a_schedule_starts_its_run_at_its_time(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock
) -> None:
    """Not before, once, with a link to the run; then comes the next time."""
    added = await add(client)
    assert added["next_at"] == "2026-01-01T01:00:00Z"
    await clock.sleep(3599)
    await composition.triggers.clockwork.step()
    assert await count_runs(client) == 0
    await clock.sleep(2)
    await composition.triggers.clockwork.step()
    await composition.triggers.clockwork.step()
    shown = await show(client, added["id"])
    assert (shown["last_outcome"], shown["next_at"]) == ("started", "2026-01-01T02:00:00Z")
    run = (await client.get(f"/runs/{shown['last_run_id']}")).json()
    assert (run["created_by"], await count_runs(client)) == ("admin", 1)
    entries = (await client.get("/audit", params={"action": "create_run"})).json()["results"]
    assert [entry["credential"] for entry in entries] == [f"schedule/{added['id']}"]


async def test_several_that_look_at_once_start_one_run(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock
) -> None:
    """As replicas do."""
    await add(client)
    await clock.sleep(3600)
    await asyncio.gather(*(composition.triggers.clockwork.step() for _ in range(8)))
    assert await count_runs(client) == 1


async def test_a_crash_between_the_run_and_the_note_starts_nothing_twice(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock
) -> None:
    """Whoever goes on when the claim is over finds the same run."""
    added = await add(client)
    await clock.sleep(3600)
    settle = composition.triggers.clockwork._open_work
    opened = 0

    def open_and_die(**options: Any) -> Any:
        nonlocal opened
        opened += 1
        if opened == 4:
            raise RuntimeError("power cut")
        return settle(**options)

    composition.triggers.clockwork._open_work = open_and_die
    with pytest.raises(RuntimeError):
        await composition.triggers.clockwork.step()
    composition.triggers.clockwork._open_work = settle
    await composition.triggers.clockwork.step()
    assert (await show(client, added["id"]))["last_run_id"] is None, "it is claimed still"
    await clock.sleep(121)
    await composition.triggers.clockwork.step()
    assert (await show(client, added["id"]))["last_outcome"] == "started"
    assert await count_runs(client) == 1


@pytest.mark.parametrize(
    ("policy", "outcome", "runs"),
    [
        ({"missed": "skip"}, "missed", 0),
        ({"missed": "run_once", "grace_s": 4 * 3600}, "started", 1),
        ({"missed": "run_once", "grace_s": 3600}, "missed", 0),
    ],
)
async def test_missed_times(
    client: httpx.AsyncClient,
    composition: Composition,
    clock: ManualClock,
    policy: dict[str, Any],
    outcome: str,
    runs: int,
) -> None:
    """After three hours without a control plane there is one run within the grace, or none."""
    added = await add(client, **policy)
    await clock.sleep(4.5 * 3600)
    await composition.triggers.clockwork.step()
    await composition.triggers.clockwork.step()
    shown = await show(client, added["id"])
    assert (shown["last_outcome"], shown["next_at"]) == (outcome, "2026-01-01T05:00:00Z")
    assert await count_runs(client) == runs


@pytest.mark.parametrize(("overlap", "outcome"), [("skip", "overlapped"), ("allow", "started")])
async def test_a_run_that_goes_on(
    client: httpx.AsyncClient,
    composition: Composition,
    clock: ManualClock,
    overlap: str,
    outcome: str,
) -> None:
    """Keeps the next one from starting, or does not, as the schedule says."""
    added = await add(client, overlap=overlap, run={**RUN, "rollout": {"offline": "wait"}})
    await client.post("/hosts/web1/maintenance", json={"enabled": True})
    for _ in range(2):
        await clock.sleep(3600)
        await composition.triggers.clockwork.step()
    shown = await show(client, added["id"])
    assert shown["last_outcome"] == outcome
    assert shown["last_run_id"] is not None


async def test_once(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock
) -> None:
    """A schedule with a time of its own is due once; one in the past is refused."""
    added = await add(client, cron=None, at="2026-01-01T00:30:00+00:00")
    assert (await client.get(f"/schedules/{added['id']}/next")).json()["times"] == [
        "2026-01-01T00:30:00Z"
    ]
    await clock.sleep(1800)
    await composition.triggers.clockwork.step()
    shown = await show(client, added["id"])
    assert (shown["next_at"], shown["last_outcome"]) == (None, "started")
    late = HOURLY | {"name": "late", "cron": None, "at": "2025-01-01T00:00:00Z"}
    refused = await client.post("/schedules", json=late)
    assert (refused.status_code, refused.json()["code"]) == (422, "schedule_time_invalid")


async def test_pause_resume_change_remove(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock
) -> None:
    """A paused one starts nothing, and does not catch up."""
    added = await add(client)
    path = f"/schedules/{added['id']}"
    assert (await client.post(f"{path}/pause")).json()["next_at"] is None
    await clock.sleep(3 * 3600)
    await composition.triggers.clockwork.step()
    resumed = (await client.post(f"{path}/resume")).json()
    assert (resumed["next_at"], resumed["paused_at"]) == ("2026-01-01T04:00:00Z", None)
    changed = await client.patch(path, json={"cron": "30 4 * * *", "timezone": "Asia/Tokyo"})
    assert changed.json()["next_at"] == "2026-01-01T19:30:00Z"
    assert (await client.post("/schedules", json=HOURLY)).json()["code"] == "schedule_exists"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["code"] == "schedule_not_found"
    assert await count_runs(client) == 0


async def test_nothing_secret_is_shown(client: httpx.AsyncClient, composition: Composition) -> None:
    """Values of variables and words of commands are kept sealed."""
    run = {"kind": "playbook", "playbook": "site.yml", "extra_vars": {"password": "hunter2"}}
    added = await add(client, run=run)
    await add(client, name="other")
    assert added["run"]["variables"] == ["password"]
    listed = await client.get("/schedules")
    audited = await client.get("/audit")
    assert "hunter2" not in listed.text + audited.text
    async with composition.database.engine.connect() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM schedules")).all()
    assert b"hunter2" not in str(rows).encode()


async def test_the_owners_rights_of_the_moment_count(
    client: httpx.AsyncClient,
    composition: Composition,
    clock: ManualClock,
    add_operator: AddUser,
    connect: Connect,
) -> None:
    """Who has lost a right, or was disabled, starts nothing any more; the reason is shown."""
    alice = connect((await add_operator())["token"])
    added = await add(alice)
    assert added["owner"] == "alice"
    for change, code in (
        ({"grants": [{"role": "operator", "groups": ["db"]}]}, "permission_denied"),
        ({"is_disabled": True}, "owner_gone"),
    ):
        assert (await client.patch("/users/alice", json=change)).status_code == 200
        await clock.sleep(3600)
        await composition.triggers.clockwork.step()
        shown = await show(client, added["id"])
        assert (shown["last_outcome"], shown["last_run_id"]) == ("failed", None)
        assert shown["last_reason"].startswith(f"{code}:"), shown["last_reason"]


async def test_a_tokens_limits_hold_and_outlive_it(
    client: httpx.AsyncClient,
    composition: Composition,
    clock: ManualClock,
    add_operator: AddUser,
    connect: Connect,
) -> None:
    """What a limited token makes never may more than it, also when it is revoked."""
    await add_operator()
    grants = [{"role": "operator", "groups": ["db"]}]
    made = await client.post("/tokens", json={"name": "x", "user": "alice", "grants": grants})
    limited = connect(made.json()["token"])
    added = await add(limited)
    assert (await client.delete(f"/tokens/{made.json()['id']}")).status_code == 200
    await clock.sleep(3600)
    await composition.triggers.clockwork.step()
    assert (await show(client, added["id"]))["last_reason"].startswith("permission_denied:")


async def test_a_programs_own_token_ends_with_its_schedules(
    client: httpx.AsyncClient, composition: Composition, clock: ManualClock, connect: Connect
) -> None:
    """There is nobody else whose rights could count."""
    body = {"name": "ci", "is_own": True, "grants": [{"role": "operator"}]}
    made = (await client.post("/tokens", json=body)).json()
    added = await add(connect(made["token"]))
    await clock.sleep(3600)
    await composition.triggers.clockwork.step()
    assert (await show(client, added["id"]))["last_outcome"] == "started"
    await finish(composition)
    await client.delete(f"/tokens/{made['id']}")
    await clock.sleep(3600)
    await composition.triggers.clockwork.step()
    assert (await show(client, added["id"]))["last_reason"].startswith("owner_gone:")


async def test_others_schedules(
    client: httpx.AsyncClient, add_operator: AddUser, connect: Connect
) -> None:
    """Who reads everywhere sees them, who does not sees none; only owner and admin change them."""
    alice = connect((await add_operator())["token"])
    bob = connect((await add_operator("bob"))["token"])
    scoped = [{"role": "operator", "groups": ["web"]}]
    carol = connect((await add_operator("carol", grants=scoped))["token"])
    added = await add(alice)
    path = f"/schedules/{added['id']}"
    assert (await bob.get(path)).status_code == 200
    assert (await bob.patch(path, json={"run": RUN})).json()["code"] == "not_owner"
    assert (await bob.delete(path)).status_code == 403
    assert (await carol.get(path)).status_code == 404
    assert (await carol.get("/schedules")).json()["count"] == 0
    changed = (await client.patch(path, json={"name": "new"})).json()
    assert (changed["name"], changed["owner"]) == ("new", "alice")


async def test_the_keys_of_triggers_are_theirs(client: httpx.AsyncClient) -> None:
    """Nobody takes the key away under which a schedule will start its run."""
    headers = {"Idempotency-Key": "schedule/1/2026-01-01T01:00:00+00:00"}
    refused = await client.post("/runs", json=RUN, headers=headers)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["detail"]


@pytest.mark.parametrize("noun", ["schedules", "webhooks"])
async def test_a_template_is_known_by_each_of_its_names(
    connect: Connect, add_operator: AddUser, noun: str
) -> None:
    """Whoever is limited to a template may name it as anybody does; others stay refused."""
    limited = [{"role": "operator", "templates": ["site.yml"]}]
    alice = connect((await add_operator("alice", grants=limited))["token"])
    more = {"cron": "0 * * * *"} if noun == "schedules" else {}
    run = {"kind": "playbook", "playbook": "site", "limit": "web"}
    added = await alice.post(f"/{noun}", json={"name": "hers", "run": run, **more})
    assert added.status_code == 201, added.text
    assert added.json()["run"]["name"] == "site.yml"
    path = f"/{noun}/{added.json()['id']}"
    assert (await alice.patch(path, json={"run": run})).status_code == 200
    assert (await alice.patch(path, json={})).status_code == 200
    run["playbook"] = "other"
    for answer in (
        await alice.post(f"/{noun}", json={"name": "another", "run": run, **more}),
        await alice.patch(path, json={"run": run}),
    ):
        assert answer.status_code == 403, answer.text
