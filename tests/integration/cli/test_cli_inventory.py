# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx inventory ...`` and ``myx-inventory``, with the real ``ansible-inventory``."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent

INVENTORY = """
[all:vars]
ntp=ntp.example.org

[web]
web1 ansible_host=192.0.2.1 port=80
web2

[site:children]
web
"""
CHANGES = {"created": [], "updated": [], "removed": [], "unchanged": 0}
RESULT = {
    "dry_run": False,
    "hosts": {**CHANGES, "created": [f"web{number}" for number in range(30)]},
    "groups": {**CHANGES, "updated": ["web"], "unchanged": 2},
    "warnings": ["something was left out"],
}
EXPORT = {
    "_meta": {"hostvars": {"web1": {"ansible_host": "192.0.2.1", "port": 80}, "web2": {}}},
    "all": {"children": ["site"], "vars": {"ntp": "ntp.example.org"}},
    "site": {"children": ["web"]},
    "web": {"hosts": ["web1", "web2"], "vars": {"a": [1, {"b": None}]}},
}


def test_any_inventory_of_ansible_is_imported(api: Any, myx: Any, tmp_path: Path) -> None:
    """ansible-inventory reads it here, and what it prints is sent."""
    (tmp_path / "hosts.ini").write_text(INVENTORY)
    api.answer("POST", "/inventory/import", (200, RESULT))
    source = str(tmp_path / "hosts.ini")
    outcome = myx("inventory", "import", "-i", source, "--secret-var", "vault_*", "--dry-run")
    assert outcome.code == 0, outcome.err
    body = api.find("POST", "/inventory/import")[0].json
    assert (body["secret_variables"], body["dry_run"], body["prune"]) == (["vault_*"], True, False)
    sent = body["inventory"]
    assert sent["_meta"]["hostvars"] == {"web1": {"ansible_host": "192.0.2.1", "port": 80}}
    assert sent["web"] == {"hosts": ["web1", "web2"]}
    assert sent["site"] == {"children": ["web"]}
    assert sent["all"]["vars"] == {"ntp": "ntp.example.org"}
    assert "Warning: something was left out." in outcome.err
    assert "30 hosts would be created: web0" in outcome.err
    assert "and 10 more" in outcome.err
    assert "2 groups unchanged" in outcome.err


def test_the_result_is_for_programs_too(api: Any, myx: Any, tmp_path: Path) -> None:
    """With --json standard output is the document, whatever Ansible says."""
    (tmp_path / "hosts.ini").write_text(INVENTORY)
    api.answer("POST", "/inventory/import", (200, RESULT))
    outcome = myx("inventory", "import", "-i", str(tmp_path / "hosts.ini"), "--prune", "--json")
    assert json.loads(outcome.out) == RESULT


@pytest.mark.parametrize("content", ["all: [", "a: b: c"])
def test_an_inventory_that_cannot_be_read_is_refused(
    myx: Any, tmp_path: Path, content: str
) -> None:
    """What Ansible says of it is shown, and nothing is sent."""
    (tmp_path / "hosts.yml").write_text(content)
    outcome = myx("inventory", "import", "-i", str(tmp_path / "hosts.yml"))
    assert outcome.code == 1
    assert "ansible-inventory could not read it" in outcome.err


def test_the_inventory_is_printed(api: Any, myx: Any) -> None:
    """All of it, or the variables of one host."""
    api.answer("GET", "/inventory", (200, EXPORT))
    assert json.loads(myx("inventory", "list").out) == EXPORT
    myx("inventory", "list", "--host", "web1")
    assert [request.query for request in api.find("GET", "/inventory")] == [{}, {"host": "web1"}]


def _run(api: Any, *command: str | Path) -> subprocess.CompletedProcess[str]:
    token = "myx_" + "t" * 43
    environment = {name: os.environ[name] for name in ("PATH", "HOME")} | {"LANG": "C.UTF-8"}
    environment |= {"MYX_URL": api.url, "MYX_TOKEN": token}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_ansible_takes_the_program_as_inventory(api: Any) -> None:
    """What ansible-inventory makes of it is what the control plane says."""
    api.answer("GET", "/inventory", (200, EXPORT))
    ran = _run(api, BIN / "ansible-inventory", "-i", BIN / "myx-inventory", "--list", "--export")
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["_meta"]["hostvars"] == {"web1": {"ansible_host": "192.0.2.1", "port": 80}}
    for group in ("site", "web"):
        assert seen[group] == EXPORT[group]
    assert seen["all"]["vars"] == EXPORT["all"]["vars"]


@pytest.mark.parametrize("arguments", [(), ("--hosts",), ("--host",)])
def test_the_program_says_how_it_is_used(api: Any, arguments: tuple[str, ...]) -> None:
    """Anything but --list and --host NAME is refused."""
    ran = _run(api, BIN / "myx-inventory", *arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "--host NAME" in ran.stderr


def test_the_program_says_why_it_cannot(api: Any) -> None:
    """An error of the control plane is one line, which Ansible shows."""
    ran = _run(api, BIN / "myx-inventory", "--list")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("Error: There is nothing at")
