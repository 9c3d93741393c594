# SPDX-License-Identifier: GPL-3.0-or-later
"""Many executions at once, each with a secret of its own: nobody sees another's."""

import asyncio
import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playbook_output import hold_fifo

from agent_runner.config import Limits

COMMANDS = 100
PLAYBOOKS = 8

SCRIPT = """#!/bin/sh
secret={secret}
echo "is $secret {word}"
read x < {gate}
echo "was $secret {word}"
"""

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "is {{ secret }} {{ word }}"}
    - ansible.builtin.command: "head -n 1 {{ gate }}"
      environment: {TOLD: "{{ word }}"}
"""


MARK = secrets.token_hex(8)
"""In each secret here, and on this machine nowhere else."""


async def test_a_hundred_at_once_keep_their_secrets(make_host: Any, tmp_path: Path) -> None:
    """While all of them run, and after it, each secret is with its own execution alone."""
    host = await make_host(Limits(max_concurrent=200, min_free_disk_bytes=0))
    scripts = [f"script-{n}" for n in range(COMMANDS)]
    playbooks = [f"playbook-{n}" for n in range(PLAYBOOKS)]
    with ExitStack() as held:
        gates = {
            name: held.enter_context(hold_fifo(tmp_path / name)) for name in scripts + playbooks
        }
        await asyncio.gather(
            *(
                host.run_script(name, SCRIPT.format(**_vars(name, tmp_path)), secrets=[_hide(name)])
                for name in scripts
            )
        )
        for name in playbooks:
            variables = _vars(name, tmp_path)
            await host.play(name, PLAYBOOK, extra_vars=variables, secrets=[_hide(name)])
        for name in gates:
            await host.wait_for(name, b"is ******** ")
        seen = await asyncio.to_thread(_list_processes)
        assert not [line for line in seen if MARK.encode() in line]
        for gate in gates.values():
            os.write(gate, b"go\n")
        followed = dict(zip(gates, await asyncio.gather(*map(host.follow, gates)), strict=True))
    for name, each in followed.items():
        others = {_tell(other) for other in gates} - {_tell(name)}
        assert each.result.state == "successful", each.text
        assert _tell(name) in each.text
        assert not others & set(each.text.replace('"', " ").split())
    left = [path for path in host.state.rglob("*") if path.is_file()]
    assert not [path for path in left if MARK.encode() in path.read_bytes()]


def _hide(name: str) -> str:
    return f"{MARK}-{name}-hidden"


def _tell(name: str) -> str:
    return f"tell-{name}-told"


def _vars(name: str, folder: Path) -> dict[str, str]:
    return {"secret": _hide(name), "word": _tell(name), "gate": str(folder / name)}


def _list_processes() -> list[bytes]:
    """Return the arguments and environments of all processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        for part in ("cmdline", "environ"):
            try:
                found.append((path / part).read_bytes())
            except OSError:
                continue  # it has just ended
    return found
