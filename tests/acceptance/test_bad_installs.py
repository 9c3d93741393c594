# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which an agent cannot be installed: why, what to do, and that it then works."""

import re
from pathlib import Path

from driver.command_line import CommandLine, Outcome
from driver.control_plane import ControlPlane
from driver.expectations import assert_mentions, assert_no_trace
from lab.hosts import Host, Lab
from lab.image import DEPLOY_USER
from lab.waiting import wait_for

TRACES_OF_AN_AGENT = ("/etc/myx-agent", "/opt/myx-agent", "/etc/systemd/system/myx-agent.service")


def _assert_refused(outcome: Outcome, *words: str) -> None:
    assert outcome.exit_code in {2, 4}, outcome
    assert_no_trace(outcome)
    assert_mentions(outcome, *words)


def _assert_untouched(host: Host) -> None:
    assert [path for path in TRACES_OF_AN_AGENT if host.exists(path)] == []


def _install(myx: CommandLine, host: Host, *options: str) -> Outcome:
    return myx.run("host", "install", host.name, *options)


def _assert_installs(myx: CommandLine, host: Host, *options: str) -> None:
    """Check that the failed install can be repeated."""
    outcome = _install(myx, host, *options)
    assert outcome.exit_code == 0, outcome
    myx.succeed("exec", "--limit", host.name, "--", "true")


def test_wrong_ssh_key(
    bare_host: Host, lab: Lab, myx: CommandLine, control_plane: ControlPlane, other_key: Path
) -> None:
    """A key that the host refuses is said so; with the right key it works."""
    myx.add_host(bare_host.name, bare_host.address, other_key)
    outcome = _install(myx, bare_host, "--accept-new-host-key")
    _assert_refused(outcome, bare_host.name, "key")
    _assert_untouched(bare_host)
    execution = control_plane.list_executions(myx.find_latest_run())[bare_host.name]
    assert (execution["status"], execution["reason_code"]) == ("failed", "install_failed")
    _assert_installs(myx, bare_host, "--accept-new-host-key", "--ssh-key", str(lab.key_path))


def test_wrong_password(bare_host: Host, myx: CommandLine) -> None:
    """A password that the host refuses is said so and is nowhere repeated."""
    account = ("--ssh-user", DEPLOY_USER, "--ssh-password-stdin")
    added = ("host", "add", bare_host.name, "--address", bare_host.address, *account)
    myx.succeed(*added, stdin="Wrong-Password-1\n")
    outcome = _install(myx, bare_host, "--accept-new-host-key")
    _assert_refused(outcome, bare_host.name, "password")
    assert "Wrong-Password-1" not in outcome.output
    _assert_untouched(bare_host)


def test_unknown_host_key(bare_host: Host, lab: Lab, myx: CommandLine) -> None:
    """Without the flag a host key that was never seen is refused, and the flag is named."""
    myx.add_host(bare_host.name, bare_host.address, lab.key_path)
    _assert_refused(_install(myx, bare_host), bare_host.name, "--accept-new-host-key")
    _assert_untouched(bare_host)


def test_changed_host_key(fleet: dict[str, Host], myx: CommandLine) -> None:
    """A host that shows another key than before is refused, flag or not; its agent goes on."""
    host = fleet["db1"]
    host.renew_ssh_host_keys()
    for options in ((), ("--accept-new-host-key",)):
        _assert_refused(_install(myx, host, *options), host.name, "host key", "changed")
    myx.succeed("exec", "--limit", host.name, "--", "true")


def test_nobody_at_the_address(myx: CommandLine, lab: Lab) -> None:
    """An address that refuses the connection is named."""
    myx.add_host("nobody", "127.0.0.1", lab.key_path, "--ssh-port", "1")
    outcome = myx.run("host", "install", "nobody", "--accept-new-host-key")
    _assert_refused(outcome, "nobody", "127.0.0.1")
    myx.succeed("host", "remove", "nobody")


def test_port_taken(
    bare_host: Host, lab: Lab, myx: CommandLine, control_plane: ControlPlane
) -> None:
    """The port of the agent that another program holds is named; when it is free, it works."""
    myx.add_host(bare_host.name, bare_host.address, lab.key_path)
    _install(myx, bare_host)  # refused for its host key: by now the port is assigned
    port = control_plane.ask(f"/hosts/{bare_host.name}")["agent"]["rpc_port"]
    unit = f"squatter-{port}"
    listen = f"import socket,time; s=socket.create_server(('0.0.0.0',{port})); time.sleep(9999)"
    bare_host.execute("systemd-run", f"--unit={unit}", "python3", "-c", listen)
    wait_for("the squatter", lambda: bare_host.succeeds(f"ss -tln | grep -q :{port}"))
    _assert_refused(_install(myx, bare_host, "--accept-new-host-key"), str(port))
    _assert_untouched(bare_host)
    bare_host.execute("systemctl", "stop", unit)
    _assert_installs(myx, bare_host, "--accept-new-host-key")


def test_no_python(bare_host: Host, lab: Lab, myx: CommandLine) -> None:
    """A host without Python is told which package to install."""
    bare_host.execute("sh", "-c", "mkdir /hidden && mv /usr/bin/python3* /hidden/")
    myx.add_host(bare_host.name, bare_host.address, lab.key_path)
    _assert_refused(_install(myx, bare_host, "--accept-new-host-key"), "python3")
    _assert_untouched(bare_host)


def test_full_disk(bare_host: Host, lab: Lab, myx: CommandLine) -> None:
    """A disk without room for program or logs is named with what is needed; then it works."""
    myx.add_host(bare_host.name, bare_host.address, lab.key_path)
    for full in ("/opt", "/var/lib"):
        bare_host.execute("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", full)
        _assert_refused(_install(myx, bare_host, "--accept-new-host-key"), full, "4 MB free")
        _assert_untouched(bare_host)
        bare_host.execute("umount", full)
    _assert_installs(myx, bare_host, "--accept-new-host-key")


def test_one_bad_host_among_good_ones(
    fleet: dict[str, Host], bare_host: Host, myx: CommandLine, other_key: Path
) -> None:
    """The good host is installed; the exit code and the recap tell of the other."""
    myx.add_host(bare_host.name, bare_host.address, other_key)
    outcome = myx.run("host", "install", bare_host.name, "web1", "--accept-new-host-key")
    _assert_refused(outcome, bare_host.name)
    assert re.search(r"web1 +successful", outcome.stderr), outcome
    assert fleet["web1"].succeeds("systemctl is-active myx-agent")
