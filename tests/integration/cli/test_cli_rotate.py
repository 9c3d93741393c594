# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx host rotate`` against a control plane."""

from typing import Any

import pytest

AWAY = (502, {"status": 502, "code": "agent_unreachable", "detail": "The agent is away."})
REFUSED = (503, {"status": 503, "code": "agent_failed", "detail": "config.json is broken."})
DONE = (200, {"name": "web1"})


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ([DONE, DONE], 0, "web2: the agent has a new token"),
        ([DONE, AWAY], 4, "web2: not rotated. The agent is away."),
        ([AWAY, REFUSED], 2, "web2: not rotated. config.json is broken."),
        ([REFUSED, AWAY], 2, "web1: not rotated. config.json is broken."),
    ],
)
def test_each_host_has_its_own_result(
    api: Any, myx: Any, answers: list[Any], code: int, said: str
) -> None:
    """One host's failure does not keep the others from being rotated, and decides the exit."""
    for name, answer in zip(("web1", "web2"), answers, strict=True):
        api.answer("POST", f"/hosts/{name}/rotate-credentials", answer)
    outcome = myx("host", "rotate", "web1", "web2", "web1")
    assert outcome.code == code
    assert said in outcome.err
    assert len(api.received) == 2


def test_a_wrong_token_ends_it(api: Any, myx: Any) -> None:
    """What every host would be answered is said once."""
    outcome = myx("host", "rotate", "web1", "web2", MYX_TOKEN="myx_wrong")
    assert outcome.code == 1
    assert len(api.received) == 1
