# SPDX-License-Identifier: GPL-3.0-or-later
"""From bare hosts to agents that answer, an upgrade in place, and a host without a trace."""

import hashlib
import json
import ssl
from fnmatch import fnmatch

from driver.command_line import CommandLine, Outcome
from driver.control_plane import ControlPlane
from driver.expectations import assert_mentions
from lab.hosts import Host, Lab
from lab.image import DEPLOY_PASSWORD, DEPLOY_USER
from lab.waiting import wait_for

OLD_PYTHON = """
mkdir /opt/kept
mv "$(readlink -f /usr/bin/python3)" /opt/kept/python3
rm /usr/bin/python3*
cat >/usr/bin/python3 <<'WRAPPER'
#!/bin/sh
case "$1 $2" in *version_info*) echo 3.10 ;; *) exec /opt/kept/python3 "$@" ;; esac
WRAPPER
chmod 0755 /usr/bin/python3
"""
"""Lets a host's Python say that it is 3.10, and work."""


def test_several_hosts_are_installed_in_parallel(
    fleet: dict[str, Host], installation: Outcome, myx: CommandLine
) -> None:
    """One command installs three hosts at once, tells each one's progress, and they are online."""
    assert_mentions(installation, *fleet)
    for host in fleet.values():
        assert host.ask("systemctl is-active myx-agent.service") == "active"
        assert host.ask("systemctl is-enabled myx-agent.service") == "enabled"
    # A host that another test has cut off is asked again within a minute.
    wait_for("all to be online", lambda: fleet.keys() <= _list_online(myx), timeout_s=90)


def test_nothing_secret_is_shown_or_readable(
    fleet: dict[str, Host], installation: Outcome, control_plane: ControlPlane
) -> None:
    """The token stays in files of mode 0600: not in output, argv, journal or the server's log."""
    for host in fleet.values():
        config = json.loads(host.read_bytes("/etc/myx-agent/config.json"))
        held = (config["agent_token"], config["secret_key"])
        seen = [installation.output, control_plane.log_path.read_text()]
        seen += [host.ask("journalctl --no-pager"), host.ask("cat /proc/[0-9]*/cmdline")]
        assert not any(secret in text for text in seen for secret in held)
        search = "grep -rlF -f - /opt /var/lib/myx-agent /tmp /var/tmp"
        found = host.execute("sh", "-c", search, stdin="\n".join(held).encode(), check=False)
        assert found.stdout == b""
        assert host.ask("stat -c %a /etc/myx-agent/config.json") == "600"
        assert host.ask("stat -c %a /etc/myx-agent/ssl/agent.key") == "600"


def test_the_certificate_is_pinned(fleet: dict[str, Host], control_plane: ControlPlane) -> None:
    """What the control plane holds is the fingerprint of the certificate on the host."""
    for name, host in fleet.items():
        pem = host.ask("cat /etc/myx-agent/ssl/agent.crt")
        assert control_plane.ask(f"/hosts/{name}")["agent"]["cert_fingerprint"] == _digest(pem)


def test_an_agent_is_upgraded_in_place_and_removed_without_a_trace(
    bare_host: Host, lab: Lab, myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A second install keeps port, path, token and certificate; uninstalling leaves nothing."""
    name, users = bare_host.name, bare_host.ask("getent passwd")
    myx.add_host(name, bare_host.address, lab.key_path)
    myx.succeed("host", "install", name, "--accept-new-host-key")
    config = bare_host.read_bytes("/etc/myx-agent/config.json")
    pinned = control_plane.ask(f"/hosts/{name}")["agent"]["cert_fingerprint"]
    myx.succeed("host", "install", name)
    assert bare_host.read_bytes("/etc/myx-agent/config.json") == config
    agent = control_plane.ask(f"/hosts/{name}")["agent"]
    assert (agent["cert_fingerprint"], agent["status"]) == (pinned, "online")
    myx.succeed("exec", "--limit", name, "--", "true")
    myx.succeed("host", "remove", name, "--uninstall")
    assert _list_traces(bare_host) == []
    assert bare_host.ask("getent passwd") == users
    assert name not in myx.succeed("host", "list").stdout


def test_a_user_with_sudo_and_a_password_installs_where_python_is_too_old(
    bare_host: Host, myx: CommandLine
) -> None:
    """The account needs neither root nor a key; the host gets a Python, and loses it again."""
    bare_host.execute("sh", "-c", OLD_PYTHON)
    name, account = bare_host.name, ("--ssh-user", DEPLOY_USER, "--ssh-password-stdin")
    added = ("host", "add", name, "--address", bare_host.address, *account)
    myx.succeed(*added, stdin=f"{DEPLOY_PASSWORD}\n")
    installed = myx.succeed("host", "install", name, "--accept-new-host-key")
    assert DEPLOY_PASSWORD not in installed.output
    assert_mentions(installed, "brings a Python of its own")
    program = bare_host.ask("readlink -f /opt/myx-agent/current/bin/python")
    assert fnmatch(program, "/opt/myx-agent/versions/*/python/bin/python3.*")
    myx.succeed("run", "playbooks/touch.yml", "--limit", name)
    assert bare_host.ask("stat -c %U /etc/myx-mark") == "root"
    bare_host.execute("rm", "/etc/myx-mark")
    myx.succeed("host", "remove", name, "--uninstall")
    assert _list_traces(bare_host) == []


def _list_online(myx: CommandLine) -> set[str]:
    """Return the names of the hosts that answer."""
    listed = json.loads(myx.succeed("host", "list", "--state", "online", "--json").stdout)
    return {host["name"] for host in listed}


def _digest(pem: str) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def _list_traces(host: Host) -> list[str]:
    """Return what is left of an agent: files of any kind, its unit, its processes."""
    left = host.ask("find / -xdev -path /proc -prune -o -name '*myx*' -print")
    unit = host.ask("systemctl list-unit-files --no-legend 'myx*'")
    return [
        *left.splitlines(),
        *unit.splitlines(),
        *host.ask("pgrep -fa '[a]gent_runner'").splitlines(),
    ]
