# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves, ``show``, ``pause``, ``resume``, ``retry`` and what hosts take on."""

from typing import Any

import pytest

RUN: dict[str, Any] = {
    "id": 42,
    "kind": "playbook",
    "name": "site.yml",
    "status": "running",
    "reason": None,
    "limit": "web",
    "created_by": "admin",
    "started_at": "2026-01-01T10:00:00Z",
    "finished_at": None,
    "rollout": {"waves": ["1", "100%"], "forks": None, "order": "inventory", "ttl_s": 3600.0},
    "retry_of": None,
    "paused_at": None,
    "pause_reason": "Paused after wave 1, as asked for.",
    "wait_reason": None,
    "hosts_total": 3,
    "counts": {"successful": 1, "pending": 2},
    "waves": [
        {"number": 1, "hosts_total": 1, "counts": {"successful": 1}},
        {"number": 2, "hosts_total": 2, "counts": {"pending": 2}},
    ],
}


def test_the_way_through_the_hosts_is_sent(api: Any, myx: Any) -> None:
    """All options of a rollout arrive, with times as seconds; what is left out is the server's."""
    api.answer("POST", "/runs", (201, RUN))
    options = "--waves 1,5%,100% --order shuffle --seed 7 --max-failures 10% --wave-pause 5m"
    more = "--max-failures-per-wave 0 --pause-after 1 --pause-after 2 --forks 20 --priority -5"
    waits = "--offline wait --maintenance wait --ttl 1.5h"
    outcome = myx("run", "site.yml", "-d", *f"{options} {more} {waits}".split())

    assert outcome.code == 0
    assert api.find("POST", "/runs")[0].json["rollout"] == {
        "waves": ["1", "5%", "100%"],
        "order": "shuffle",
        "seed": 7,
        "max_failures": "10%",
        "max_failures_per_wave": "0",
        "wave_pause_s": 300,
        "pause_after": [1, 2],
        "forks": 20,
        "priority": -5,
        "offline": "wait",
        "maintenance": "wait",
        "ttl_s": 5400,
    }


def test_a_preview_starts_nothing(api: Any, myx: Any) -> None:
    """Hosts and waves are shown, and what is in the way of a host."""
    objections = [{"host": "b", "code": "offline", "reason": "It sleeps."}]
    waves = [{"number": 1, "hosts": ["a"]}, {"number": 2, "hosts": ["b", "c"]}]
    api.answer("POST", "/runs/preview", (200, {"waves": waves, "objections": objections}))
    outcome = myx("exec", "-l", "all", "--waves", "1", "--preview", "--", "true")

    assert outcome.code == 0
    assert b"2     2      b, c" in outcome.out
    assert b"It sleeps." in outcome.out
    assert api.find("POST", "/runs") == []


def test_a_time_that_is_none_is_refused(api: Any, myx: Any) -> None:
    """The option and what would be right are named."""
    outcome = myx("run", "site.yml", "--ttl", "soon")

    assert outcome.code == 1
    assert "--ttl 'soon' is no time" in outcome.err
    assert api.received == []


def test_a_run_is_shown_with_its_waves(api: Any, myx: Any) -> None:
    """Each wave has a line with its numbers, and what the run waits for is told."""
    api.answer("GET", "/runs/42", (200, RUN))
    outcome = myx("show", "42")

    assert b"Paused after wave 1" in outcome.out
    assert b'rollout        {"waves": ["1", "100%"]}' in outcome.out
    assert [line.split() for line in outcome.out.splitlines()[-3:]] == [
        [b"WAVE", b"HOSTS", b"SUCCESSFUL", b"PENDING"],
        [b"1", b"1", b"1"],
        [b"2", b"2", b"2"],
    ]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_run_is_steered(api: Any, myx: Any, verb: str) -> None:
    """The verb is passed on."""
    api.answer("POST", f"/runs/42/{verb}", (202, RUN))

    assert myx(verb, "42").code == 0
    assert len(api.find("POST", f"/runs/42/{verb}")) == 1


def test_a_retry_is_a_run(api: Any, myx: Any) -> None:
    """Its number is printed, for scripts."""
    api.answer("POST", "/runs/42/retry", (201, RUN | {"id": 43}))

    assert myx("retry", "42", "--detach").out == b"43\n"


def test_maintenance_begins_and_ends(api: Any, myx: Any) -> None:
    """Each host is told apart, with the reason."""
    for name in ("a", "b"):
        api.answer("PUT", f"/hosts/{name}/maintenance", (200, {}))
    outcome = myx("host", "maintenance", "on", "a", "b", "--reason", "new disk")

    assert outcome.code == 0
    assert api.find("PUT", "/hosts/b/maintenance")[0].json == {
        "enabled": True,
        "reason": "new disk",
    }


def test_limits_of_hosts_are_set(api: Any, myx: Any) -> None:
    """Zero brings the default back; without anything to set it is refused."""
    api.answer("PATCH", "/hosts/a", (200, {}))

    assert myx("host", "limit", "a", "--playbooks", "3", "--commands", "0").code == 0
    sent = api.find("PATCH", "/hosts/a")[0].json
    assert sent == {"max_playbooks": 3, "max_commands": None}
    assert myx("host", "limit", "a").code == 1
