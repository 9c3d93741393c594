# SPDX-License-Identifier: GPL-3.0-or-later

import json
from pathlib import Path

from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

SPEC = {
    "options": {
        "greet_times": {"type": "int", "required": True},
        "greet_names": {"type": "list", "elements": "str"},
        "greet_password": {"no_log": True},
    }
}
TASKS = """
- ansible.builtin.debug:
    msg: >-
      {{ greet_times | type_debug }} {{ greet_times + 1 }} {{ greet_names | join('+') }}
      {{ greet_password }} {{ greet_home }}
"""


async def test_a_role_gets_the_types_that_its_spec_says(
    control_plane: ControlPlaneProcess, agent: AgentProcess, tmp_path: Path
) -> None:
    """What came as text is a number and a list in the real playbook, and a secret is masked."""
    del agent
    role = tmp_path / "content" / "roles" / "greet"
    for name, text in (
        ("meta/argument_specs.yml", json.dumps({"argument_specs": {"main": SPEC}})),
        ("tasks/main.yml", TASKS),
    ):
        (role / name).parent.mkdir(parents=True)
        (role / name).write_text(text)
    (tmp_path / "content" / "say.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  roles: [greet]\n"
    )
    variables = {
        "greet_times": "41",
        "greet_names": "ann,bob",
        "greet_password": "password-of-ann",
        "greet_home": "{{ 'only here' | upper }}",
    }
    run = await control_plane.post(
        "/runs", {"kind": "playbook", "playbook": "say", "extra_vars": variables}
    )
    events = [event async for event in control_plane.follow(run["id"])]
    assert events[-1][1]["status"] == "successful", events[-1]
    execution = next(data for name, data in events if name == "execution")
    log = (await control_plane.download(execution["id"])).decode()
    assert "int 42 ann+bob" in log
    assert "ONLY HERE" in log
    assert "password-of-ann" not in log
