# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``myx.fleet.xray_config``, run by Ansible on this machine, with the real core."""

import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xray_archive

ROOT = Path(__file__).parents[3]
INBOUND = {
    "tag": "main",
    "protocol": "vless",
    "port": 10443,
    "security": "reality",
    "target": "www.example.com:443",
    "server_names": ["www.example.com"],
    "clients": [{"name": "alice"}, {"name": "bob", "id": "6f1d9a1e-8f1c-4a43-9a3e-3a0f4d0b7a11"}],
}


class Module:
    """The module with files of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.json"
        self.keys = folder / "keys.json"
        self.links = folder / "links.json"

    def run(self, *flags: str, **options: Any) -> str:
        """Run it, and return all that was seen at most verbose, with a line for Ansible's word."""
        arguments = {
            "path": str(self.path),
            "keys_path": str(self.keys),
            "links_path": str(self.links),
            "address": "vpn.example.org",
            "inbounds": [INBOUND],
            "mode": "0640",
            **options,
        }
        command = [Path(sys.executable).with_name("ansible"), "localhost", "-vvv", "--diff", *flags]
        command += ["-m", "myx.fleet.xray_config", "-a", json.dumps(arguments)]
        environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return result.stdout + result.stderr

    @property
    def secrets(self) -> set[str]:
        """What nobody may see."""
        kept = json.loads(self.keys.read_text())["inbounds"]["main"]
        return {kept["private_key"], *kept["clients"].values()}


@pytest.fixture
def module(tmp_path: Path) -> Module:
    """Give the module."""
    return Module(tmp_path)


def test_keys_are_made_once_and_never_seen(module: Module) -> None:
    """A first run writes three files, a second one changes nothing, and neither tells a key."""
    first = module.run()
    assert "localhost | CHANGED" in first
    assert {oct(path.stat().st_mode & 0o777) for path in (module.keys, module.links)} == {"0o600"}
    assert module.path.stat().st_mode & 0o777 == 0o640
    before = module.path.read_text(), module.keys.read_text(), module.links.read_text()
    second = module.run()
    assert "localhost | SUCCESS" in second
    assert before == (module.path.read_text(), module.keys.read_text(), module.links.read_text())
    assert not [secret for secret in module.secrets if secret in first + second]
    assert '"privateKey": "(hidden)"' in first
    assert "www.example.com:443" in first
    assert "pbk=" in before[2]


def test_check_mode_writes_nothing(module: Module) -> None:
    """It tells what would change, with the difference."""
    seen = module.run("--check")
    assert "localhost | CHANGED" in seen
    assert '+  "inbounds": [' in seen
    assert not [path for path in (module.path, module.keys, module.links) if path.exists()]


def test_what_the_options_hide_is_hidden(module: Module) -> None:
    """Keys in Xray's own words are neither in the result nor in its invocation."""
    server = {"address": "192.0.2.1", "port": 1, "password": "very-secret", "method": "aes-256-gcm"}
    outbound = {"tag": "up", "protocol": "shadowsocks", "settings": {"servers": [server]}}
    seen = module.run(outbounds=[outbound], extra={"x": {"secretKey": "also-secret"}})
    assert "localhost | CHANGED" in seen
    result = seen[seen.index("localhost | CHANGED") :]
    assert "very-secret" not in result
    assert "also-secret" not in result
    assert "very-secret" in module.path.read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"inbounds": [{**INBOUND, "target": ""}]}, "inbounds.target of main"),
        ({"validate": "false"}, "validate: it has no %s"),
        ({"validate": "sh -c 'echo nonsense; exit 23' %s"}, "exit 23: nonsense"),
    ],
)
def test_what_cannot_be_used_changes_nothing(
    module: Module, options: dict[str, Any], says: str
) -> None:
    """Neither keys nor configuration are there after a refusal."""
    seen = module.run(**options)
    assert "localhost | FAILED" in seen
    assert says in seen
    assert not [path for path in (module.path, module.keys, module.links) if path.exists()]


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or platform.machine() != "x86_64",
    reason="the core's package is for Python 3.11 on x86_64",
)
def test_the_core_takes_what_is_written(module: Module, tmp_path: Path) -> None:
    """The real program accepts the configuration, and its refusal is an error."""
    folder = xray_archive.unpack(tmp_path / "program")
    program = f"{shlex.quote(sys.executable)} {folder}/xray run -test -format json -config %s"
    assert "localhost | CHANGED" in module.run(validate=program)
    before = module.path.read_text()
    seen = module.run(validate=program, outbounds=[{"protocol": "no-such-thing"}])
    assert "exit 23" in seen
    assert module.path.read_text() == before
