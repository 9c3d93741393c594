# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._kept_run import describe_run, read_run


def describe(**run: t.Any) -> dict[str, t.Any]:
    """Describe a run as the control plane would."""
    body = read_run(run)
    assert body is not None
    return describe_run(body)


def test_what_may_be_secret_is_not_compared() -> None:
    """Values, arguments and contents are not told by the control plane."""
    assert describe(playbook="site.yml", extra_vars={"b": "geheim", "a": 1}, limit="web") == {
        "kind": "playbook",
        "name": "site.yml",
        "limit": "web",
        "variables": ["a", "b"],
        "options": {},
    }
    assert describe(command=["id", "geheim"])["name"] == "id"
    assert describe(script={"name": "x.sh", "content": "geheim"}, args=["y"])["name"] == "x.sh"


def test_defaults_are_not_told() -> None:
    """What is as it would be anyway is left out by the control plane, and here."""
    rollout = {"order": "inventory", "ttl_s": 3600, "offline": "fail", "waves": []}
    assert not describe(playbook="a", check=False, tags=[], rollout=rollout)["options"]


def test_sizes_of_waves_are_texts() -> None:
    """The control plane keeps them so."""
    rollout = {"waves": [1, "10%"], "max_failures": 0, "forks": 3}
    told = describe(playbook="a", rollout=rollout, timeout_s=60)["options"]
    assert told["rollout"] == {"waves": ["1", "10%"], "max_failures": "0", "forks": 3}
    assert told["timeout_s"] == 60


@pytest.mark.parametrize("run", [{}, {"limit": "a"}, {"playbook": "a", "command": ["b"]}])
def test_a_run_is_of_one_kind(run: dict[str, t.Any]) -> None:
    """The kind is what is run."""
    with pytest.raises(OptionError, match=r"^run: name one of"):
        read_run(run)
