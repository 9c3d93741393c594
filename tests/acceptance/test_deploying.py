# SPDX-License-Identifier: GPL-3.0-or-later
"""Real services through the agent and over SSH, and an agent through plain Ansible."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import httpx
from xray_archive import make_archive

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


def test_xray_is_the_same_over_ssh_and_through_the_agent(
    fleet: dict[str, Host], lab: Lab, myx: CommandLine, tmp_path: Path
) -> None:
    """deploy_xray over SSH, from another folder, leaves nothing to change for the agent."""
    host = fleet["db1"]
    archive = tmp_path / "xray.zip"
    variables = {
        "xray_archive_checksums": {platform.machine(): make_archive(archive)},
        "xray_address": host.address,
        "xray_inbounds": [
            {"tag": "main", "protocol": "vmess", "port": 10443, "clients": [{"name": "alice"}]}
        ],
    }
    over_ssh = tmp_path / "over-ssh.json"
    over_ssh.write_text(json.dumps({**variables, "xray_archive": str(archive)}))
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(f"[xray]\n{_describe(host, lab)}\n")
    _play("deploy_xray", inventory, f"@{over_ssh}", folder=tmp_path)
    keys = host.read_bytes("/etc/xray/keys.json")
    host.write_bytes("/root/xray.zip", archive.read_bytes())
    by_agent = tmp_path / "by-agent.json"
    by_agent.write_text(json.dumps({**variables, "xray_archive": "/root/xray.zip"}))
    outcome = myx.succeed("run", "playbooks/deploy_xray.yml", "-l", "db1", "-e", f"@{by_agent}")
    assert_mentions(outcome, "changed=0", "failed=0")
    assert host.read_bytes("/etc/xray/keys.json") == keys
    assert host.ask("systemctl is-active xray") == "active"


def test_plain_ansible_installs_the_same_agent(
    bare_host: Host, lab: Lab, myx: CommandLine, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """install_agent.yml over SSH, then host enroll, then a run: no step needs host install."""
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(_describe(bare_host, lab))
    _play("install_agent", inventory, f"agent_enrollment_dir={tmp_path}", folder=ROOT)
    record = tmp_path / f"{bare_host.name}.json"
    assert record.stat().st_mode & 0o777 == 0o600
    myx.succeed("host", "enroll", str(record))
    assert control_plane.ask(f"/hosts/{bare_host.name}")["agent"]["status"] == "online"
    outcome = myx.succeed("exec", "--limit", bare_host.name, "--", "hostname")
    assert outcome.stdout.strip() == bare_host.name


def _describe(host: Host, lab: Lab) -> str:
    """Return a line of an inventory."""
    return (
        f"{host.name} ansible_host={host.address} ansible_user=root "
        f"ansible_ssh_private_key_file={lab.key_path}"
    )


def _play(name: str, inventory: Path, extra_vars: str, *, folder: Path) -> None:
    """Run a playbook of the repository by plain Ansible over SSH, from a folder."""
    result = subprocess.run(
        [ANSIBLE_PLAYBOOK, ROOT / f"playbooks/{name}.yml", "-i", inventory, "-e", extra_vars],
        cwd=folder,
        env=os.environ | {"ANSIBLE_HOST_KEY_CHECKING": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def _get(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=30)
    except httpx.TransportError:
        return None
