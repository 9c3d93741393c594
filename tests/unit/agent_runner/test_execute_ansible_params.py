# SPDX-License-Identifier: GPL-3.0-or-later

import msgspec

from agent_runner.protocol.methods import ExecuteAnsibleParams

NEEDED = {
    "playbook": "site.yml",
    "command_id": "an-id",
    "bundle": "0" * 64,
    "inventory": {"all": {}},
    "inventory_hostname": "web1",
}


def test_what_is_not_said_is_not_sent() -> None:
    """An agent that is older than a parameter refuses it, so it gets it only where it is used."""
    assert msgspec.to_builtins(ExecuteAnsibleParams(**NEEDED)) == NEEDED
    chosen = ExecuteAnsibleParams(**NEEDED, warm=False)
    assert msgspec.to_builtins(chosen) == {**NEEDED, "warm": False}
