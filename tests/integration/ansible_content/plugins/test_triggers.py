# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules, webhooks and one-off reads, with real Ansible and a real control plane."""

from typing import Any

import pytest
from real_control_plane import ControlPlaneProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUN = {
    "playbook": "greet.yml",
    "extra_vars": {"who": "geheim"},
    "diff": True,
    "tags": ["a"],
    "rollout": {"waves": [1, "50%"], "order": "inventory", "max_failures": 0},
}


async def test_a_schedule_is_made_changed_paused_and_removed(
    play: Any, control_plane: ControlPlaneProcess
) -> None:
    """Each once; what the options leave out stays."""

    def schedule(**options: Any) -> dict[str, Any]:
        return {"myx.fleet.schedule": {"name": "nightly", **options}}

    new = schedule(cron="30 2 * * *", timezone="Europe/Berlin", run=RUN, paused=True)
    (checked,) = await play(new, arguments=("--check", "--diff"))
    assert (await control_plane.get("/schedules"))["count"] == 0
    made, again, cron, always, resumed, gone, nothing = await play(
        new,
        new,
        schedule(cron="0 3 * * *"),
        schedule(run=RUN, update_run="always"),
        schedule(paused=False),
        schedule(state="absent"),
        schedule(state="absent"),
        arguments=("--diff",),
    )
    assert checked["diff"] == made["diff"]
    assert [one["changed"] for one in (made, again, cron, always)] == [True, False, True, True]
    assert cron["diff"]["before"]["cron"] == "30 2 * * *"
    assert made["schedule"]["paused_at"]
    assert made["schedule"]["next_at"] is None
    assert cron["schedule"]["timezone"] == "Europe/Berlin"
    assert resumed["schedule"]["next_at"]
    assert (gone["changed"], nothing["changed"]) == (True, False)


async def test_a_moment_is_the_same_in_any_zone(play: Any) -> None:
    """The control plane answers in UTC what was asked for with another offset."""
    task = {
        "myx.fleet.schedule": {
            "name": "once",
            "at": "2099-01-31T02:30:00+01:00",
            "run": {"command": ["true"], "limit": "all"},
        }
    }
    made, again, wrong = await play(
        task, task, {"myx.fleet.schedule": {"name": "other", "cron": "0 3 * * *"}}
    )
    assert (made["changed"], again["changed"]) == (True, False)
    assert wrong["msg"].startswith("run: 'other' does not exist yet")


async def test_a_webhook_is_made_changed_and_removed(
    play: Any, control_plane: ControlPlaneProcess
) -> None:
    """Its secret is told once."""

    def webhook(**options: Any) -> dict[str, Any]:
        return {"myx.fleet.webhook": {"name": "push", **options}}

    new = webhook(
        scheme="github",
        matchers=[{"pointer": "/ref", "equals": "refs/heads/main"}],
        variables=[{"name": "commit", "pointer": "/after"}],
        run=RUN,
    )
    (checked,) = await play(new, arguments=("--check",))
    assert checked["changed"]
    assert (await control_plane.get("/webhooks"))["count"] == 0
    made, again, disabled, scheme, gone = await play(
        new, new, webhook(enabled=False), webhook(scheme="gitlab"), webhook(state="absent")
    )
    assert made["secret"]
    assert "secret" not in made["webhook"]
    assert (again["changed"], "secret" in again) == (False, False)
    assert disabled["webhook"]["is_enabled"] is False
    assert "scheme: 'push' has 'github'" in scheme["msg"]
    assert gone["changed"]


async def test_something_is_read_in_a_template(
    play: Any, control_plane: ControlPlaneProcess
) -> None:
    """One thing, a list with a filter, and what is not there."""
    await control_plane.post("/hosts", {"name": "web1", "address": "192.0.2.1"})
    read = "lookup('myx.fleet.fleet', {})"

    def tell(call: str) -> dict[str, Any]:
        return {"ansible.builtin.set_fact": {"told": "{{ " + read.format(call) + " }}"}}

    one, listed, none, missing, wrong = await play(
        tell("'hosts/web1'"),
        tell("'hosts', query={'search': 'web'}"),
        tell("'hosts/web2', missing_ok=true"),
        tell("'hosts/web2'"),
        tell("'hosts?search=web'"),
    )
    assert one["ansible_facts"]["told"]["address"] == "192.0.2.1"
    assert [host["name"] for host in listed["ansible_facts"]["told"]] == ["web1"]
    assert not none["ansible_facts"]["told"]
    assert "There is no host 'web2'" in missing["msg"]
    assert "Pass what is asked as 'query'" in wrong["msg"]
