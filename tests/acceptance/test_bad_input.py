# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can type wrong: each is one clear sentence, and nothing half-done remains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from driver.expectations import assert_clear_error, assert_mentions, assert_no_trace
from lab.hosts import Host

PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def _nothing_started(
    fleet: dict[str, Host], control_plane: ControlPlane, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Check that no test here left a run that goes on."""
    assert fleet
    yield
    for status in ("pending", "running"):
        left = control_plane.ask(f"/runs?status={status}")["results"]
        assert not left, f"{request.node.name} left {left}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("host", "show", "nosuch"),
        ("host", "install", "nosuch"),
        ("host", "install", "web1", "nosuch"),
        ("host", "remove", "nosuch"),
        ("run", "playbooks/touch.yml", "--limit", "nosuch"),
        ("exec", "--limit", "nosuch", "--", "true"),
    ],
    ids=lambda arguments: "_".join(arguments[:2]),
)
def test_unknown_host(myx: CommandLine, arguments: tuple[str, ...]) -> None:
    """A host that is not there is named, with the command that lists those that are."""
    assert_clear_error(myx.run(*arguments), "nosuch", "myx host list")


def test_a_pattern_that_matches_nothing(myx: CommandLine) -> None:
    """A pattern of known names that leaves no host over is quoted."""
    outcome = myx.run("exec", "--limit", "web:!web", "--", "true")
    assert_clear_error(outcome, "web:!web", "myx host list")


def test_exec_without_a_limit(myx: CommandLine) -> None:
    """A command for no host in particular is refused: 'all' must be said."""
    assert_clear_error(myx.run("exec", "--", "true"), "--limit", "all")


def test_a_playbook_that_is_not_in_the_content(myx: CommandLine) -> None:
    """The missing playbook and the folder that was searched are named."""
    outcome = myx.run("run", "playbooks/nosuch.yml", "--limit", "all")
    assert_clear_error(outcome, "playbooks/nosuch.yml")


def test_a_playbook_outside_the_content(myx: CommandLine) -> None:
    """No path leads out of the content folder."""
    assert_clear_error(myx.run("run", "../../../etc/passwd", "--limit", "all"), "etc/passwd")


def test_yaml_error_in_a_playbook(myx: CommandLine, control_plane: ControlPlane) -> None:
    """The file and the line are named, whoever reads the playbook first."""
    broken = control_plane.content_dir / "playbooks/broken.yml"
    broken.write_text("- name: Broken\n  hosts: all\n  tasks: [\n")
    try:
        outcome = myx.run("run", "playbooks/broken.yml", "--limit", "web1")
    finally:
        broken.unlink()
    assert outcome.exit_code != 0, outcome
    assert_no_trace(outcome)
    assert_mentions(outcome, "broken.yml", "line")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ('{"mark": ', "JSON"),
        ("no-equals-sign", "KEY=VALUE"),
        ("@/nosuch/file.yml", "/nosuch/file.yml"),
        ("[1, 2]", "by name"),
    ],
)
def test_variables_that_are_none(myx: CommandLine, variables: str, named: str) -> None:
    """What -e cannot be is said with the forms that it can have."""
    outcome = myx.run("run", "playbooks/touch.yml", "--limit", "web1", "-e", variables)
    assert_clear_error(outcome, "-e", named)


def test_variables_over_http(control_plane: ControlPlane) -> None:
    """Over HTTP the field is named in problem+json."""
    body = {"kind": "playbook", "playbook": "playbooks/touch.yml", "extra_vars": "mark=1"}
    answer = control_plane.request("POST", "/runs", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "extra_vars" in answer.text


def test_a_body_that_is_not_json(control_plane: ControlPlane) -> None:
    """Bytes that are no JSON are a 4xx problem, not a 500."""
    answer = control_plane.request("POST", "/runs", content=b'{"kind": ')
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM


def test_a_body_that_is_too_large(control_plane: ControlPlane) -> None:
    """A body above the limit is refused with 413 and the limit."""
    answer = control_plane.request("POST", "/runs", content=b'{"x": "' + b"a" * 40_000_000 + b'"}')
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


def test_a_wrong_token_on_the_command_line(myx: CommandLine) -> None:
    """The CLI says that the token was refused and where a right one comes from."""
    assert_clear_error(myx.run("host", "list", MYX_TOKEN="wrong-token"), "token")


def test_a_wrong_token_over_http(control_plane: ControlPlane) -> None:
    """Without the right token nothing is told, not even whether a run or host is there."""
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        for path in ("/hosts", "/runs/1", "/hosts/nosuch"):
            answer = control_plane.request("GET", path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)


def test_a_wrong_path_over_http(control_plane: ControlPlane) -> None:
    """What is not there is a 404 problem, also for a run that does not exist."""
    for path in ("/nosuch", "/runs/99999999", "/hosts/nosuch"):
        answer = control_plane.request("GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


def test_no_control_plane(myx: CommandLine) -> None:
    """The CLI names the address it tried and how to start or find a control plane."""
    outcome = myx.run("host", "list", MYX_URL="http://127.0.0.1:1")
    assert_clear_error(outcome, "127.0.0.1:1", "MYX_URL")


def test_a_script_that_is_not_there(myx: CommandLine, tmp_path: Path) -> None:
    """The missing file is named before anything starts."""
    outcome = myx.run("script", "--limit", "all", str(tmp_path / "nosuch.sh"))
    assert_clear_error(outcome, "nosuch.sh")


def test_a_program_that_is_not_on_the_host(myx: CommandLine) -> None:
    """A command that cannot be started ends as failed, with the program's name in the reason."""
    outcome = myx.run("exec", "--limit", "web1", "--", "nosuch-program")
    assert outcome.exit_code == 2, outcome
    assert_mentions(outcome, "nosuch-program")
    assert_no_trace(outcome)


@pytest.mark.parametrize("verb", ["log", "cancel"])
def test_an_unknown_run(myx: CommandLine, verb: str) -> None:
    """A run that does not exist is named, with the command that lists those that do."""
    assert_clear_error(myx.run(verb, "99999999"), "99999999", "myx runs")


def test_adding_a_host_twice(myx: CommandLine) -> None:
    """A name that is taken is refused, and the host stays as it is."""
    assert_clear_error(myx.run("host", "add", "web1", "--address", "192.0.2.1"), "web1")


def test_a_name_that_no_inventory_can_hold(myx: CommandLine) -> None:
    """A host's name is what Ansible takes for one."""
    assert_clear_error(myx.run("host", "add", "web 1:2", "--address", "192.0.2.1"), "name")


def test_a_key_file_that_is_none(myx: CommandLine, tmp_path: Path) -> None:
    """A file that is no private key is refused when the host is added, and nothing is stored."""
    key = tmp_path / "key"
    key.write_text("not a key\n")
    added = ("host", "add", "nokey", "--address", "192.0.2.1", "--ssh-key", str(key))
    assert_clear_error(myx.run(*added), "key")
    assert_clear_error(myx.run("host", "show", "nokey"), "nokey")
