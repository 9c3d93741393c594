# SPDX-License-Identifier: GPL-3.0-or-later
"""A real service through the agent, and an agent through plain Ansible."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from driver.command_line import CommandLine
from driver.content import ROOT
from driver.control_plane import ControlPlane
from driver.expectations import assert_mentions
from lab.hosts import Host, Lab
from lab.waiting import wait_for

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
"""The environment's own, whatever else is installed."""


def test_caddy_serves_after_its_playbook(fleet: dict[str, Host], myx: CommandLine) -> None:
    """deploy_caddy installs a web server that answers; a second run changes nothing."""
    outcome = myx.succeed("run", "playbooks/deploy_caddy.yml", "--limit", "web1")
    assert_mentions(outcome, "PLAY RECAP", "failed=0")
    url = f"http://{fleet['web1'].address}/"
    answer = wait_for("an answer of Caddy", lambda: _get(url))
    assert answer.headers["server"].lower().startswith("caddy")
    again = myx.succeed("run", "playbooks/deploy_caddy.yml", "--limit", "web1")
    assert_mentions(again, "changed=0")


def test_plain_ansible_installs_the_same_agent(
    bare_host: Host, lab: Lab, myx: CommandLine, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """install_agent.yml over SSH, then host enroll, then a run: no step needs host install."""
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(
        f"{bare_host.name} ansible_host={bare_host.address} ansible_user=root "
        f"ansible_ssh_private_key_file={lab.key_path}\n"
    )
    result = subprocess.run(
        [
            *(ANSIBLE_PLAYBOOK, "playbooks/install_agent.yml", "-i", str(inventory)),
            *("-e", f"agent_enrollment_dir={tmp_path}"),
        ],
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_HOST_KEY_CHECKING": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    record = tmp_path / f"{bare_host.name}.json"
    assert record.stat().st_mode & 0o777 == 0o600
    myx.succeed("host", "enroll", str(record))
    assert control_plane.ask(f"/hosts/{bare_host.name}")["agent"]["status"] == "online"
    outcome = myx.succeed("exec", "--limit", bare_host.name, "--", "hostname")
    assert outcome.stdout.strip() == bare_host.name


def _get(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=5)
    except httpx.TransportError:
        return None
