# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.plugin_utils._run_request import (
    SPEC,
    build_body,
    make_key,
)

DEFAULTS = {name: about.get("default") for name, about in SPEC.items()}
AWX = {"awx_job_id": 17, "inventory_hostname": "localhost"}


def build(**options: t.Any) -> dict[str, t.Any]:
    """Build the body for these options, the others as they are by default."""
    return build_body({**DEFAULTS, **options})


def test_what_was_not_asked_for_is_not_sent() -> None:
    """The control plane's defaults stay its own."""
    assert build(playbook="site.yml") == {"kind": "playbook", "playbook": "site.yml"}


def test_each_kind_is_sent_with_its_options() -> None:
    """The words of the task are the words of the API."""
    rollout = {"waves": [1, "50%"]}
    assert build(playbook="a", check=True, timeout=60, limit="web", rollout=rollout) == {
        "kind": "playbook",
        "playbook": "a",
        "check": True,
        "timeout_s": 60,
        "limit": "web",
        "rollout": rollout,
    }
    assert build(command=["id"], user="www-data", labels=["a"]) == {
        "kind": "command",
        "command": ["id"],
        "user": "www-data",
        "labels": ["a"],
    }
    assert build(script="#!/bin/sh\n", args=["x"])["script"]["content"] == "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("option", "options"),
    [
        ("extra_vars", {"command": ["id"], "extra_vars": {"a": 1}}),
        ("check", {"script": "x", "check": True}),
        ("user", {"playbook": "a", "user": "me"}),
        ("limit", {"playbook": "a", "limit": " "}),
        ("args", {"command": ["id"], "args": ["x"]}),
    ],
)
def test_what_would_do_something_else_is_refused(option: str, options: dict[str, t.Any]) -> None:
    """A command would run for good in check mode, and an empty limit everywhere."""
    with pytest.raises(OptionError, match=f"^{option}: "):
        build(**options)


@pytest.mark.parametrize(
    ("task_vars", "prefix"),
    [
        (AWX, "awx-17-"),
        ({"tower_job_id": "18"}, "awx-18-"),
        ({"semaphore_vars": {"task_details": {"id": 3}}}, "semaphore-3-"),
    ],
)
def test_a_job_has_a_key(
    task_vars: dict[str, t.Any],
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    """The same task of the same job starts one run, however often the job's program is started."""
    monkeypatch.delenv("AWX_JOB_ID", raising=False)
    keys = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        keys.append(make_key(task_vars, "play.yml:3", {}, str(tmp_path / name)))
    assert keys[0] == keys[1]
    assert str(keys[0]).startswith(prefix)


def test_outside_of_a_job_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Whoever types the same command twice wants it twice."""
    monkeypatch.delenv("AWX_JOB_ID", raising=False)
    folder = str(tmp_path)
    assert make_key({"semaphore_vars": {"task_details": {"type": ""}}}, "p:1", {}, folder) is None
    monkeypatch.setenv("AWX_JOB_ID", "19")
    assert str(make_key({}, "p:1", {}, folder)).startswith("awx-19-")


def test_another_task_host_body_or_time_is_another_run(tmp_path: pathlib.Path) -> None:
    """A loop, several hosts, and 'until' with 'retries' start as many runs as they say."""
    folder = str(tmp_path)
    keys = {
        make_key(AWX, "p:1", {}, folder),
        make_key(AWX, "p:2", {}, folder),
        make_key({**AWX, "inventory_hostname": "other"}, "p:1", {}, folder),
        make_key(AWX, "p:1", {}, folder),
        make_key(AWX, "p:1", {"limit": "a"}, folder),
    }
    assert len(keys) == 5
