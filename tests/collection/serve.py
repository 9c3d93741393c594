# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command beside a control plane and an agent: ``serve.py CONFIG COMMAND...``.

Their address and token are written into the file CONFIG, as ansible-test reads variables. They
are real processes of this checkout, whatever Ansible the command is.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from real_agent import AgentProcess
from real_control_plane import ControlPlaneProcess

PLAYBOOK = """\
- name: Greet
  hosts: all
  gather_facts: false
  tasks:
    - name: Say hello
      ansible.builtin.debug:
        msg: hello {{ who | default('world') }}
"""


def write_variables(config: Path, control_plane: ControlPlaneProcess) -> None:
    """Write what targets need to know, for nobody else to read."""
    config.touch(0o600)
    variables = {"myx_url": control_plane.url, "myx_token": control_plane.token}
    config.write_text(json.dumps(variables))


async def run_beside(config: Path, command: list[str]) -> int:
    """Start both, run the command, end both; return its exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content").mkdir()
        (folder / "content/greet.yml").write_text(PLAYBOOK)
        control_plane = ControlPlaneProcess(folder / "data", folder / "content")
        agent = AgentProcess(folder / "agent")
        try:
            await control_plane.start()
            await agent.start()
            await control_plane.post("/hosts/local/enroll", agent.enrollment)
            write_variables(config, control_plane)
            process = await asyncio.create_subprocess_exec(*command)
            return await process.wait()
        finally:
            await agent.end()
            await control_plane.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(run_beside(Path(sys.argv[1]), sys.argv[2:])))
