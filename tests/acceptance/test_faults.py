# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is killed in the middle: one log, one end, no process left."""

from pathlib import Path

import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_same_log, wait_for_end
from driver.gates import SCRIPT, Gate
from lab.hosts import Host
from lab.waiting import wait_for


@pytest.fixture
def gated_script(tmp_path: Path) -> Path:
    """Return a script that prints without a pause until its gate is opened."""
    path = tmp_path / "gate.sh"
    path.write_text(SCRIPT)
    return path


def _start_gated_script(myx: CommandLine, path: Path, gate: Gate, limit: str) -> int:
    run_id = myx.detach("script", "--limit", limit, str(path), gate.name)
    gate.wait_until_reached()
    return run_id


def _start_gated_playbook(myx: CommandLine, gate: Gate, limit: str) -> int:
    options = ("--limit", limit, "-e", f"gate={gate.name}")
    run_id = myx.detach("run", "playbooks/gate.yml", *options)
    gate.wait_until_reached()
    return run_id


def test_a_killed_control_plane_loses_nothing(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane, gated_script: Path
) -> None:
    """Kill -9 of myx serve in mid-run: after its restart the log is the host's, byte for byte."""
    hosts = [fleet[name] for name in ("web1", "db1")]
    gate = Gate(*hosts)
    run_id = _start_gated_script(myx, gated_script, gate, "web1:db1")
    control_plane.kill()
    for host in hosts:
        _wait_for_more_lines(host, 20)
    control_plane.start()
    gate.open()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    for host in hosts:
        execution = control_plane.list_executions(run_id)[host.name]
        log = assert_same_log(control_plane, host, execution)
        assert log.rstrip().endswith(b"behind the gate")


def test_what_ended_while_the_control_plane_was_dead_is_known_afterwards(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A playbook that ends while nobody listens is successful in the books of the restarted one."""
    gate = Gate(fleet["web1"])
    run_id = _start_gated_playbook(myx, gate, "web1")
    control_plane.kill()
    gate.open()
    last = "$(ls -td /var/lib/myx-agent/executions/*/ | head -1)"
    wait_for("the end", lambda: fleet["web1"].succeeds(f"test -e {last}/result.json"))
    control_plane.start()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    execution = control_plane.list_executions(run_id)["web1"]
    assert execution["recap"]["ok"] == 4
    assert_same_log(control_plane, fleet["web1"], execution)


@pytest.mark.parametrize(
    "blow", ["systemctl restart myx-agent", "systemctl kill -s KILL --kill-who=main myx-agent"]
)
def test_executions_outlive_their_agent(
    fleet: dict[str, Host],
    myx: CommandLine,
    control_plane: ControlPlane,
    gated_script: Path,
    blow: str,
) -> None:
    """A restarted or killed agent finds its execution running, and its log is complete."""
    gate = Gate(fleet["db1"])
    run_id = _start_gated_script(myx, gated_script, gate, "db1")
    before = fleet["db1"].ask("systemctl show -p MainPID --value myx-agent")
    fleet["db1"].execute("sh", "-c", blow)
    wait_for("another agent process", lambda: _get_new_agent(fleet["db1"], before))
    assert gate.has_waiters(fleet["db1"])
    _wait_for_more_lines(fleet["db1"], 20)
    gate.open()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    execution = control_plane.list_executions(run_id)["db1"]
    assert (
        assert_same_log(control_plane, fleet["db1"], execution)
        .rstrip()
        .endswith(b"behind the gate")
    )


def test_cancel_leaves_no_process(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A cancel ends a playbook in the middle of a module, its whole tree included."""
    hosts = [fleet[name] for name in ("web1", "web2")]
    gate = Gate(*hosts)
    run_id = _start_gated_playbook(myx, gate, "web")
    assert all(gate.has_waiters(host) for host in hosts)
    myx.succeed("cancel", str(run_id))
    run = wait_for_end(control_plane, run_id)
    assert (run["status"], run["reason_code"]) == ("canceled", "canceled")
    assert not any(gate.has_waiters(host) for host in hosts)
    for host in hosts:
        assert not host.succeeds("pgrep -f '[a]nsible-playbook'")
        assert_same_log(control_plane, host, control_plane.list_executions(run_id)[host.name])


def test_a_cut_network_delays_and_loses_nothing(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane, gated_script: Path
) -> None:
    """A host that is away in mid-run and comes back has one complete log."""
    gate = Gate(fleet["web2"])
    run_id = _start_gated_script(myx, gated_script, gate, "web2")
    fleet["web2"].leave_network()
    try:
        _wait_for_more_lines(fleet["web2"], 50)
        gate.open()
    finally:
        fleet["web2"].join_network()
    assert wait_for_end(control_plane, run_id)["status"] == "successful"
    assert_same_log(control_plane, fleet["web2"], control_plane.list_executions(run_id)["web2"])


def _wait_for_more_lines(host: Host, count: int) -> None:
    """Return when the newest execution has printed so many lines more."""
    command = "cat $(ls -td /var/lib/myx-agent/executions/*/ | head -1)/log | wc -l"
    before = int(host.ask(command))
    wait_for(f"{count} more lines", lambda: int(host.ask(command)) >= before + count)


def _get_new_agent(host: Host, before: str) -> bool:
    now = host.ask("systemctl show -p MainPID --value myx-agent")
    return now not in {"0", before} and host.succeeds("systemctl is-active myx-agent")
