# SPDX-License-Identifier: GPL-3.0-or-later
"""New credentials for an agent while something runs on its host and its log is followed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_clear_error, assert_same_log, wait_for_end
from driver.gates import SCRIPT, Gate
from lab.hosts import Host, Lab
from lab.waiting import wait_for

CONFIG = "/etc/myx-agent/config.json"


@pytest.fixture(scope="module")
def host(lab: Lab, myx: CommandLine) -> Iterator[Host]:
    """Return a host whose agent gets other credentials."""
    (host,) = lab.boot("rotate1")
    myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", host.name, "--accept-new-host-key")
    yield host
    lab.remove([host])
    myx.run("host", "remove", host.name)


def _read_config(host: Host) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(host.read_bytes(CONFIG))
    return config


def _ask(host: Host, config: dict[str, Any], token: str) -> int:
    url = f"https://{host.address}:{config['rpc_port']}/{config['rpc_path']}/rpc"
    body = {"jsonrpc": "2.0", "method": "health_check", "id": 1}
    # The certificate is self-signed and pinned by the control plane; what is asked here is public.
    answer = httpx.post(url, json=body, headers={"X-Agent-Token": token}, verify=False, timeout=30)  # noqa: S501
    return answer.status_code


def test_an_execution_is_followed_through_a_rotation(
    host: Host, myx: CommandLine, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """The log goes on over a rotation and a restart; only the new token is served afterwards."""
    (tmp_path / "gate.sh").write_text(SCRIPT)
    gate = Gate(host)
    before = _read_config(host)
    watched = myx.start("script", "--limit", host.name, str(tmp_path / "gate.sh"), gate.name)
    gate.wait_until_reached()
    watched.wait_for_output("line 20")
    myx.succeed("host", "rotate", host.name)
    after = _read_config(host)
    assert after["agent_token"] != before["agent_token"]
    assert after["secret_key"] != before["secret_key"]
    changed = {"agent_token", "secret_key"}
    assert {key: after[key] for key in after.keys() - changed} == {
        key: before[key] for key in before.keys() - changed
    }
    assert _ask(host, after, before["agent_token"]) == 401
    _wait_for_more_output(control_plane, host)
    host.execute("systemctl", "restart", "myx-agent")
    _wait_for_more_output(control_plane, host)
    assert _ask(host, after, before["agent_token"]) == 401
    assert _ask(host, after, after["agent_token"]) == 200
    gate.open()
    outcome = watched.wait()
    assert outcome.exit_code == 0, outcome
    run_id = myx.find_latest_run()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    execution = control_plane.list_executions(run_id)[host.name]
    log = assert_same_log(control_plane, host, execution)
    assert log.rstrip().endswith(b"behind the gate")


def test_an_install_after_a_rotation_changes_nothing(host: Host, myx: CommandLine) -> None:
    """The installation knows the new pair and keeps it, and its file is in the role's form."""
    myx.succeed("host", "rotate", host.name)
    before = host.read_bytes(CONFIG)
    myx.succeed("host", "install", host.name)
    assert host.read_bytes(CONFIG) == before
    myx.succeed("exec", "--limit", host.name, "--", "true")


def test_a_host_that_is_away_keeps_its_credentials(
    host: Host, myx: CommandLine, control_plane: ControlPlane
) -> None:
    """An agent that does not answer is a clear error; asked again, the rotation is finished."""
    before = _read_config(host)
    host.execute("systemctl", "stop", "myx-agent")
    outcome = myx.run("host", "rotate", host.name)
    host.execute("systemctl", "start", "myx-agent")
    assert_clear_error(outcome, host.name, "not rotated", "cannot be reached", exit_code=4)
    wait_for("the agent", lambda: _is_up(host, before))
    assert _read_config(host) == before
    myx.succeed("exec", "--limit", host.name, "--", "true")
    myx.succeed("host", "rotate", host.name)
    myx.succeed("exec", "--limit", host.name, "--", "true")
    agent = control_plane.ask(f"/hosts/{host.name}")["agent"]
    assert agent["credentials_rotated_at"]
    audit = host.read_bytes("/var/lib/myx-agent/audit.log")
    assert b"rotate_credentials" in audit
    assert _read_config(host)["agent_token"].encode() not in audit


def _is_up(host: Host, config: dict[str, Any]) -> bool:
    try:
        return _ask(host, config, config["agent_token"]) == 200
    except httpx.TransportError:
        return False


def _wait_for_more_output(control_plane: ControlPlane, host: Host) -> None:
    """Return when the control plane has stored more of what the newest run prints."""
    run_id = control_plane.ask("/runs?page_size=1")["results"][0]["id"]

    def read_size() -> int:
        return len(control_plane.read_log(control_plane.list_executions(run_id)[host.name]["id"]))

    before = read_size()
    wait_for("more of the log", lambda: read_size() > before + 1000, 60)
