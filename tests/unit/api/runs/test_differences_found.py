# SPDX-License-Identifier: GPL-3.0-or-later
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.runs.content.findings import Finding
from api.runs.content.scan import find_differences
from api.runs.content.verdict import judge
from api.runs.errors import DoesNotHoldError
from api.runs.playbooks import inspect_playbook

ROLE = "roles/web/tasks/main.yml"


def find(tmp_path: Path, files: dict[str, str]) -> list[Finding]:
    """Find what differs in site.yml of content with these files."""
    archive = tmp_path / "bundle.tar.gz"
    with tarfile.open(archive, "w:gz") as bundle:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            bundle.addfile(member, io.BytesIO(text.encode()))
    return find_differences(archive, inspect_playbook(archive, "site.yml", {}).plays)


def play(*tasks: dict[str, Any], **keywords: Any) -> str:
    """Return a playbook of one play."""
    return yaml.safe_dump([{"hosts": "web", **keywords, "tasks": list(tasks)}])


@pytest.mark.parametrize(
    ("text", "code", "refused"),
    [
        (play(serial=1), "serial", True),
        (play(serial=["10%"]), "serial", True),
        (play(run_once=True), "run_once", True),
        (play({"debug": {}, "run_once": True}), "run_once", True),
        (play({"debug": {}, "run_once": "{{ x }}"}), "run_once", True),
        (play({"block": [{"rescue": [{"debug": {}, "run_once": "yes"}]}]}), "run_once", True),
        (play({"debug": {}, "delegate_to": "db1"}), "delegate_to", True),
        (play({"debug": {}, "delegate_to": "{{ groups['db'][0] }}"}), "delegate_to", True),
        (play({"debug": {}, "delegate_to": "localhost"}), "delegate_to_localhost", False),
        (play({"local_action": "command id"}), "delegate_to_localhost", False),
        (play(any_errors_fatal=True), "any_errors_fatal", False),
        (play(max_fail_percentage=10), "max_fail_percentage", False),
        (play({"debug": {}, "throttle": 1}), "throttle", False),
        (play({"debug": {"msg": "{{ hostvars['db1'].ansible_host }}"}}), "hostvars", False),
        (play({"debug": {"msg": "{{ hostvars[item].x }}"}}), "hostvars", False),
        (play({"debug": {}, "when": "inventory_hostname == play_hosts[0]"}), "play_hosts", False),
    ],
)
def test_what_means_something_else_is_found(
    tmp_path: Path, text: str, code: str, *, refused: bool
) -> None:
    """In plays, tasks and blocks; templates count as set."""
    found = find(tmp_path, {"site.yml": text})
    assert [(each.code, each.refused) for each in found] == [(code, refused)]
    assert found[0].place.startswith("site.yml, ")


@pytest.mark.parametrize(
    "text",
    [
        play({"debug": {"msg": "{{ groups['web'] | join(',') }}"}}),
        play({"debug": {}, "run_once": False}, any_errors_fatal="no"),
        play({"debug": {}, "delegate_to": "{{ inventory_hostname }}"}),
        play({"debug": {"msg": "{{ hostvars[inventory_hostname].x }}"}}),
        play({"debug": {"msg": "serial run_once delegate_to"}}, strategy="free"),
    ],
)
def test_what_holds_is_not_found(tmp_path: Path, text: str) -> None:
    """Groups, the host itself, and words in texts mean what they always mean."""
    assert find(tmp_path, {"site.yml": text}) == []


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (play(roles=["web"]), {ROLE: "- {debug: {}, run_once: true}"}),
        (play(roles=[{"role": "web"}]), {ROLE: "- {debug: {}, run_once: true}"}),
        (play({"import_role": {"name": "web"}}), {ROLE: "- {debug: {}, run_once: true}"}),
        (play(roles=["web"]), {"roles/web/handlers/main.yml": "- {debug: {}, run_once: true}"}),
        (play({"include_tasks": "more.yml"}), {"more.yml": "- {debug: {}, run_once: true}"}),
        (
            play({"ansible.builtin.import_tasks": {"file": "a/b.yml"}}),
            {"a/b.yml": "- include_tasks: c.yml", "a/c.yml": "- {debug: {}, run_once: true}"},
        ),
        (
            play(roles=["outer"]),
            {"roles/outer/meta/main.yml": "dependencies: [{role: web}]"}
            | {ROLE: "- {debug: {}, run_once: true}"},
        ),
        (
            play(roles=["my.own.web"]),
            {
                "collections/ansible_collections/my/own/roles/web/tasks/main.yml": "- debug: {}\n"
                "  run_once: true"
            },
        ),
    ],
)
def test_roles_and_includes_are_followed(tmp_path: Path, text: str, files: dict[str, str]) -> None:
    """Also those of roles, of their dependencies and of collections of the content."""
    found = find(tmp_path, {"site.yml": text, **files})
    assert [each.code for each in found] == ["run_once"]


def test_what_cannot_be_followed_is_left_alone(tmp_path: Path) -> None:
    """Templates, missing files, files that include themselves, and no YAML are no faults here."""
    tasks = [
        {"include_role": {"name": "{{ x }}"}},
        {"include_tasks": "loop.yml"},
        {"include_tasks": "gone.yml"},
        {"include_tasks": "wrong.yml"},
    ]
    files = {"loop.yml": "- include_tasks: loop.yml", "wrong.yml": "- ["}
    assert find(tmp_path, {"site.yml": play(*tasks, roles=["gone", 7]), **files}) == []


def test_roles_that_are_not_used_do_not_count(tmp_path: Path) -> None:
    """What the playbook never comes to is nobody's trouble."""
    assert find(tmp_path, {"site.yml": play(), ROLE: "- {debug: {}, run_once: true}"}) == []


SERIAL = Finding("serial", "site.yml, play 'x'", "'serial' ...", refused=True, many_hosts_only=True)
DELEGATE = Finding("delegate_to", "site.yml, task 'y'", "'delegate_to' ...", refused=True)
WORTH = Finding("hostvars", "site.yml, task 'z'", "'hostvars' ...", refused=False)


def test_what_would_silently_go_wrong_is_refused() -> None:
    """With all places, and how to run it all the same."""
    with pytest.raises(DoesNotHoldError, match=r"play 'x'.*1 more.*accept-differences") as caught:
        judge([SERIAL, DELEGATE, WORTH], hosts=2, has_waves=False, accepted=False)
    assert len(caught.value.errors) == 2


def test_it_runs_when_somebody_says_so() -> None:
    """Then all of it is a warning."""
    warnings = judge([SERIAL, DELEGATE, WORTH], hosts=2, has_waves=False, accepted=True)
    assert len(warnings) == 3


def test_waves_answer_serial() -> None:
    """Who asks for waves has read it."""
    assert len(judge([SERIAL], hosts=2, has_waves=True, accepted=False)) == 1


def test_on_one_host_alone_most_of_it_holds() -> None:
    """A run on one host is what it would be over SSH, but for other hosts."""
    assert judge([SERIAL], hosts=1, has_waves=False, accepted=False) == []
    with pytest.raises(DoesNotHoldError):
        judge([DELEGATE], hosts=1, has_waves=False, accepted=False)
