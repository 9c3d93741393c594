# SPDX-License-Identifier: GPL-3.0-or-later
"""Each execution has a scope of systemd's own: what befalls the agent does not reach it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_same_log, wait_for_end
from driver.gates import SCRIPT, Gate
from lab.hosts import Host, Lab
from lab.waiting import wait_for

CONFIG = "/etc/myx-agent/config.json"
LIMITS = {
    "execution_memory_max_bytes": 256 * 1024 * 1024,
    "execution_cpu_percent": 150,
    "execution_tasks_max": 64,
}
SCOPES = "systemctl list-units --all --plain --no-legend 'myx-execution-*.scope'"


@pytest.fixture
def host(fleet: dict[str, Host]) -> Iterator[Host]:
    """Return a host whose agent limits each execution, and give it its configuration back."""
    host = fleet["web2"]
    before = host.read_bytes(CONFIG)
    _configure(host, {**json.loads(before), "limits": LIMITS})
    yield host
    host.write_bytes(CONFIG, before)
    _restart(host)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a script that prints without a pause until its gate is opened."""
    path = tmp_path / "gate.sh"
    path.write_text(SCRIPT)
    return path


def test_an_execution_has_a_scope_with_its_limits(
    host: Host, myx: CommandLine, control_plane: ControlPlane, script: Path
) -> None:
    """Supervisor and program are in a scope with the limits; after the end it is gone."""
    gate, run_id = _start(host, myx, script)
    (unit,) = wait_for("one scope alone", lambda: _find_only_scope(host))
    shown = host.ask(f"systemctl show -p Slice,MemoryMax,CPUQuotaPerSecUSec,TasksMax {unit}")
    assert set(shown.splitlines()) == {
        "Slice=myx.slice",
        f"MemoryMax={LIMITS['execution_memory_max_bytes']}",
        "CPUQuotaPerSecUSec=1.500000s",
        f"TasksMax={LIMITS['execution_tasks_max']}",
    }
    pids = host.ask(f"pgrep -f '[g]ate.sh {gate.name}|[m]yx-supervisor'").splitlines()
    assert len(pids) >= 2
    for pid in pids:
        assert f"/myx.slice/{unit}" in host.ask(f"cat /proc/{pid}/cgroup")
    agent = host.ask("systemctl show -p MainPID --value myx-agent")
    assert "/system.slice/myx-agent.service" in host.ask(f"cat /proc/{agent}/cgroup")
    _finish(host, control_plane, gate, run_id)
    wait_for("the end of the scope", lambda: not _list_scopes(host))


@pytest.mark.parametrize(
    "blow",
    [
        "systemctl kill --signal=KILL --kill-who=all myx-agent",
        "systemctl kill --signal=TERM --kill-who=all myx-agent",
        "systemctl stop myx-agent; sleep 1; systemctl start myx-agent",
    ],
)
def test_what_ends_all_of_the_agents_processes_ends_no_execution(
    host: Host, myx: CommandLine, control_plane: ControlPlane, script: Path, blow: str
) -> None:
    """A signal to all of the unit, or its stop, leaves the execution and its log whole."""
    gate, run_id = _start(host, myx, script)
    before = host.ask("systemctl show -p MainPID --value myx-agent")
    host.execute("sh", "-c", blow)
    wait_for("another agent process", lambda: _is_replaced(host, before))
    assert gate.has_waiters(host)
    _finish(host, control_plane, gate, run_id)


def test_an_upgrade_ends_no_execution(
    host: Host, myx: CommandLine, control_plane: ControlPlane, script: Path
) -> None:
    """Installing the agent anew while an execution runs leaves the execution and its log whole."""
    gate, run_id = _start(host, myx, script)
    host.execute("sed", "-i", "1i # changed", "/etc/systemd/system/myx-agent.service")
    before = host.ask("systemctl show -p MainPID --value myx-agent")
    myx.succeed("host", "install", host.name)
    wait_for("another agent process", lambda: _is_replaced(host, before))
    assert gate.has_waiters(host)
    _finish(host, control_plane, gate, run_id)


def test_the_agent_is_not_started_again_with_a_configuration_that_cannot_be_used(
    host: Host,
) -> None:
    """A wrong configuration fails the unit for good, and its last words name the key."""
    host.execute("systemctl", "stop", "myx-agent")
    config = json.loads(host.read_bytes(CONFIG))
    host.write_bytes(CONFIG, json.dumps({**config, "rpc_port": 0}).encode())
    host.execute("systemctl", "start", "myx-agent", check=False)
    wait_for("the failure", lambda: host.ask("systemctl is-failed myx-agent") == "failed")
    shown = host.ask("systemctl show -p ExecMainStatus,NRestarts myx-agent")
    assert set(shown.splitlines()) == {"ExecMainStatus=78", "NRestarts=0"}
    assert "rpc_port" in host.ask("journalctl -u myx-agent -n 5 -o cat")


def test_a_removed_agent_leaves_nothing_running(
    bare_host: Host, lab: Lab, myx: CommandLine, script: Path
) -> None:
    """Uninstalling ends what runs and leaves neither scope nor slice."""
    myx.add_host(bare_host.name, bare_host.address, lab.key_path)
    myx.succeed("host", "install", bare_host.name, "--accept-new-host-key")
    gate, _ = _start(bare_host, myx, script)
    assert len(_list_scopes(bare_host)) == 1
    assert bare_host.succeeds("systemctl is-active myx.slice")
    myx.succeed("host", "remove", bare_host.name, "--uninstall")
    assert not gate.has_waiters(bare_host)
    assert bare_host.ask("systemctl list-units --all --plain --no-legend 'myx*'") == ""
    assert bare_host.ask("pgrep -fa '[m]yx-'") == ""


def _start(host: Host, myx: CommandLine, script: Path) -> tuple[Gate, int]:
    gate = Gate(host)
    run_id = myx.detach("script", "--limit", host.name, str(script), gate.name)
    gate.wait_until_reached()
    return gate, run_id


def _finish(host: Host, control_plane: ControlPlane, gate: Gate, run_id: int) -> None:
    """Let the run end and see that it is successful and its log complete."""
    gate.open()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    log = assert_same_log(control_plane, host, control_plane.list_executions(run_id)[host.name])
    assert log.rstrip().endswith(b"behind the gate")


def _configure(host: Host, config: dict[str, object]) -> None:
    host.write_bytes(CONFIG, json.dumps(config).encode())
    _restart(host)


def _restart(host: Host) -> None:
    host.execute("systemctl", "restart", "myx-agent")
    status = "/opt/myx-agent/current/bin/myx-agent status"
    wait_for("the agent", lambda: "answers on port" in host.ask(status))


def _list_scopes(host: Host) -> list[str]:
    return [line.split()[0] for line in host.ask(SCOPES).splitlines()]


def _find_only_scope(host: Host) -> list[str] | None:
    """Return the scope when what ran before has left."""
    scopes = _list_scopes(host)
    return scopes if len(scopes) == 1 else None


def _is_replaced(host: Host, before: str) -> bool:
    now = host.ask("systemctl show -p MainPID --value myx-agent")
    return now not in {"0", before} and host.succeeds("systemctl is-active myx-agent")
