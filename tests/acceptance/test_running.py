# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks, commands and scripts on one host and on many, as the user sees them."""

from pathlib import Path

import pytest

from driver.command_line import CommandLine, Outcome
from driver.control_plane import ControlPlane
from driver.expectations import assert_mentions, assert_same_log, wait_for_end
from driver.gates import Gate
from lab.hosts import Host

PYTHON_SCRIPT = """#!/usr/bin/env python3
import socket, sys
print("python on", socket.gethostname(), sys.argv[1:])
print("to stderr", file=sys.stderr)
sys.exit(3 if socket.gethostname() == "db1" else 0)
"""


def test_one_host_reads_like_ansible_playbook(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """On one host the log is ansible-playbook's own, recap included, and the host has changed."""
    outcome = myx.succeed("run", "playbooks/touch.yml", "--limit", "web1", "-e", "mark=first")
    assert_mentions(outcome, "PLAY [Leave a mark]", "TASK [Write the mark]", "PLAY RECAP", "ok=1")
    assert not any(line.startswith("web1 |") for line in outcome.stdout.splitlines())
    assert fleet["web1"].ask("cat /etc/myx-mark") == "first on web1"
    assert not fleet["web2"].exists("/etc/myx-mark")
    run_id = myx.find_latest_run()
    execution = control_plane.list_executions(run_id)["web1"]
    log = assert_same_log(control_plane, fleet["web1"], execution)
    assert b"PLAY RECAP" in log
    assert myx.succeed("log", str(run_id), "--color").stdout.encode() == log


def test_the_log_is_live(fleet: dict[str, Host], myx: CommandLine) -> None:
    """Lines appear while the playbook still runs."""
    gate = Gate(fleet["web1"])
    running = myx.start("run", "playbooks/gate.yml", "--limit", "web1", "-e", f"gate={gate.name}")
    running.wait_for_output(f"before the gate {gate.name}")
    gate.wait_until_reached()
    gate.open()
    outcome = running.wait()
    assert outcome.exit_code == 0, outcome
    assert f"behind the gate {gate.name}" in outcome.stdout


def test_many_hosts_are_told_apart(fleet: dict[str, Host], myx: CommandLine) -> None:
    """On several hosts every line carries its host, and the recap names each."""
    outcome = myx.succeed(
        "run", "playbooks/touch.yml", "--limit", "web", "-e", '{"mark": "second"}'
    )
    for name in ("web1", "web2"):
        assert any(
            line.startswith(name) and "TASK [Write the mark]" in line
            for line in outcome.stdout.splitlines()
        ), outcome
        assert fleet[name].ask("cat /etc/myx-mark") == f"second on {name}"
    assert "db1" not in outcome.stdout


def test_a_playbook_goes_to_the_hosts_that_it_names(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """Without a limit the plays' own hosts are the targets, and groups are known on the host."""
    outcome = myx.succeed("run", "playbooks/for_web.yml")
    assert_mentions(outcome, "I am web1 in web", "I am web2 in web")
    assert set(control_plane.list_executions(myx.find_latest_run())) == {"web1", "web2"}
    assert set(fleet) > {"web1", "web2"}


def test_check_mode_changes_nothing(fleet: dict[str, Host], myx: CommandLine) -> None:
    """With --check --diff the difference is shown and the host stays as it is."""
    fleet["db1"].write_bytes("/etc/myx-mark", b"as before\n")
    options = ("--limit", "db1", "--check", "--diff", "-e", "mark=unwanted")
    outcome = myx.succeed("run", "playbooks/touch.yml", *options)
    assert_mentions(outcome, "unwanted on db1", "changed=1")
    assert fleet["db1"].ask("cat /etc/myx-mark") == "as before"


def test_variables_come_from_a_file(
    fleet: dict[str, Host], myx: CommandLine, tmp_path: Path
) -> None:
    """-e @file reads YAML or JSON, as ansible-playbook does."""
    variables = tmp_path / "variables.yml"
    variables.write_text("mark: from a file\n")
    myx.succeed("run", "playbooks/touch.yml", "--limit", "db1", "-e", f"@{variables}")
    assert fleet["db1"].ask("cat /etc/myx-mark") == "from a file on db1"


def test_one_failed_host_is_exit_2(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A host that fails does not stop the others, and the exit code says so."""
    outcome = myx.run("run", "playbooks/fail_on_web2.yml", "--limit", "web:db")
    assert outcome.exit_code == 2, outcome
    run_id = myx.find_latest_run()
    statuses = {h: e["status"] for h, e in control_plane.list_executions(run_id).items()}
    assert statuses == {name: "failed" if name == "web2" else "successful" for name in fleet}
    assert control_plane.ask(f"/runs/{run_id}")["status"] == "failed"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("all", {"web1", "web2", "db1"}),
        ("web", {"web1", "web2"}),
        ("web:!web2", {"web1"}),
        ("web*:db1", {"web1", "web2", "db1"}),
        ("all:&web", {"web1", "web2"}),
        ("~(web|db)1", {"web1", "db1"}),
    ],
)
def test_limits_are_ansible_patterns(
    fleet: dict[str, Host], myx: CommandLine, limit: str, expected: set[str]
) -> None:
    """Groups, exclusions, intersections, globs and regular expressions choose the hosts."""
    outcome = myx.succeed("exec", "--limit", limit, "--", "sh", "-c", "echo i-am-$(hostname)")
    assert {name for name in fleet if f"i-am-{name}" in outcome.stdout} == expected


def test_stdout_and_stderr_stay_apart(fleet: dict[str, Host], myx: CommandLine) -> None:
    """What a command prints to stderr arrives on the user's stderr."""
    command = ("sh", "-c", "echo to-out; echo to-err >&2")
    outcome = myx.succeed("exec", "--limit", "db1", "--", *command)
    assert "to-out" in outcome.stdout
    assert "to-err" not in outcome.stdout
    assert "to-err" in outcome.stderr
    assert fleet


def test_a_command_is_no_shell_line(fleet: dict[str, Host], myx: CommandLine) -> None:
    """Arguments reach the program as they were given: nothing expands them."""
    outcome = myx.succeed("exec", "--limit", "db1", "--", "echo", "$HOME; id", "a  b", "*")
    assert outcome.stdout.strip() == "$HOME; id a  b *"
    assert fleet


def test_a_shell_script_takes_arguments(
    fleet: dict[str, Host], myx: CommandLine, tmp_path: Path
) -> None:
    """A script without a first line that says otherwise is run by sh."""
    script = tmp_path / "hello.sh"
    script.write_text('echo "shell: $1 and $2 on $(hostname)"\n')
    outcome = myx.succeed("script", "--limit", "db1", str(script), "one", "two words")
    assert "shell: one and two words on db1" in outcome.stdout
    assert fleet


def test_a_python_script_runs_everywhere(
    fleet: dict[str, Host], myx: CommandLine, tmp_path: Path
) -> None:
    """The first line chooses Python; a host's exit code 3 makes it exit 2."""
    script = tmp_path / "report.py"
    script.write_text(PYTHON_SCRIPT)
    outcome = myx.run("script", "--limit", "web:db", str(script), "--", "-x")
    assert outcome.exit_code == 2, outcome
    for name in fleet:
        assert f"python on {name} ['-x']" in outcome.stdout
    assert outcome.stderr.count("to stderr") == len(fleet)


def test_a_time_limit_ends_a_command(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A command that outlives its --timeout ends as timed_out, with no process left."""
    outcome = myx.run("exec", "--limit", "web1", "--timeout", "1", "--", "sleep", "987654")
    assert outcome.exit_code == 2, outcome
    execution = control_plane.list_executions(myx.find_latest_run())["web1"]
    assert (execution["status"], execution["reason_code"]) == ("timed_out", "timed_out")
    assert not fleet["web1"].succeeds("pgrep -f '[s]leep 987654'")


def test_ctrl_c_leaves_the_run_alone(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """Ctrl-C exits 130 and prints how to go on; the run ends by itself, its log complete."""
    gate = Gate(fleet["web1"])
    running = myx.start("run", "playbooks/gate.yml", "--limit", "web1", "-e", f"gate={gate.name}")
    running.wait_for_output("before the gate")
    running.interrupt()
    outcome = running.wait()
    run_id = myx.find_latest_run()
    assert outcome.exit_code == 130, outcome
    assert_mentions(outcome, f"myx log {run_id} --follow")
    following = myx.start("log", str(run_id), "--follow")
    following.wait_for_output("before the gate")
    gate.wait_until_reached()
    gate.open()
    followed = following.wait()
    assert followed.exit_code == 0, followed
    assert f"behind the gate {gate.name}" in followed.stdout
    assert wait_for_end(control_plane, run_id)["status"] == "successful"


def test_detached_runs_are_followed_by_number(fleet: dict[str, Host], myx: CommandLine) -> None:
    """--detach prints the run's number at once; runs, log and log --offset find it."""
    detached = myx.succeed(
        "exec", "--limit", "db1", "--detach", "--json", "--", "echo", "0123456789"
    )
    run_id = detached.json["id"]
    followed = myx.succeed("log", str(run_id), "--follow")
    assert followed.stdout.strip() == "0123456789"
    assert myx.succeed("log", str(run_id), "db1", "--offset", "4").stdout.strip() == "456789"
    newest = myx.succeed("runs", "--json").json
    rows = newest["results"] if isinstance(newest, dict) else newest
    assert rows[0]["id"] == run_id
    assert rows[0]["status"] == "successful"
    assert fleet


def test_a_host_off_the_network_is_exit_4(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """An unreachable host is told apart from a failed one, and the others are done."""
    fleet["web2"].leave_network()
    try:
        outcome = myx.run("exec", "--limit", "all", "--", "hostname")
    finally:
        fleet["web2"].join_network()
    assert outcome.exit_code == 4, outcome
    executions = control_plane.list_executions(myx.find_latest_run())
    assert executions["web2"]["reason_code"] == "unreachable"
    assert executions["web2"]["status"] == "failed"
    assert {executions[name]["status"] for name in ("web1", "db1")} == {"successful"}
    assert_mentions(outcome, "web2")


def test_content_of_the_callers_own(
    fleet: dict[str, Host], myx: CommandLine, tmp_path: Path
) -> None:
    """--content sends the folder that the user is editing instead of the server's."""
    (tmp_path / "mine.yml").write_text(
        "- name: Mine\n  hosts: all\n  gather_facts: false\n"
        "  tasks:\n    - ansible.builtin.debug:\n        msg: my own content\n"
    )
    outcome = myx.succeed("run", "mine.yml", "--limit", "db1", "--content", str(tmp_path))
    assert "my own content" in outcome.stdout
    assert fleet


def test_an_edited_playbook_is_sent_again(
    fleet: dict[str, Host], myx: CommandLine, control_plane: ControlPlane
) -> None:
    """A change in the content folder is in the next run, under another digest."""
    playbook = control_plane.content_dir / "playbooks/edited.yml"
    digests: list[str] = []
    for word in ("first", "second"):
        playbook.write_text(
            "- name: Edited\n  hosts: all\n  gather_facts: false\n"
            f"  tasks:\n    - ansible.builtin.debug:\n        msg: the {word} edition\n"
        )
        outcome = myx.succeed("run", "playbooks/edited.yml", "--limit", "db1")
        assert f"the {word} edition" in outcome.stdout
        digests.append(control_plane.ask(f"/runs/{myx.find_latest_run()}")["bundle_digest"])
    assert digests[0] != digests[1]
    stored = fleet["db1"].ask("ls /opt/myx-deployment-tool").split()
    assert set(digests) <= set(stored)


def test_the_same_key_is_the_same_run(
    fleet: dict[str, Host], control_plane: ControlPlane, myx: CommandLine
) -> None:
    """A trigger that is sent twice with one Idempotency-Key runs once; another body is refused."""
    body = {"kind": "command", "command": ["hostname"], "limit": "db1"}
    headers = {"Idempotency-Key": "acceptance-1"}
    first = control_plane.request("POST", "/runs", json=body, headers=headers)
    again = control_plane.request("POST", "/runs", json=body, headers=headers)
    other = control_plane.request("POST", "/runs", json=body | {"limit": "all"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    assert wait_for_end(control_plane, first.json()["id"])["status"] == "successful"
    outcome: Outcome = myx.succeed("runs")
    assert str(first.json()["id"]) in outcome.stdout
    assert fleet
