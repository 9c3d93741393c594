# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys
from pathlib import Path

import pytest

from api.agents.install.on_host import apply

PROGRAM = Path(apply.__file__)


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """Give a version whose 'Ansible' is a small script that the test writes."""
    version = tmp_path / "version"
    (version / "bin").mkdir(parents=True)
    (version / "bin/python").symlink_to(sys.executable)
    return version


def start(version: Path, script: str) -> "subprocess.Popen[bytes]":
    """Apply with that script in the place of ansible-playbook."""
    (version / "bin/ansible-playbook").write_text(script)
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(PROGRAM), str(version)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


_RUN = """
import runpy, sys
program, version = sys.argv[1:]
sys.argv = [program, "installed", version]
import importlib.util
spec = importlib.util.spec_from_file_location("apply", program)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.PRIVATE_PLACE = version
module.GRACE_S = 1
sys.exit(module.main())
"""
"""Applies without being root: private files beside the version instead of in /run."""

_SHOW = """
import pathlib, stat, sys
path = pathlib.Path(sys.argv[-1].removeprefix("@"))
print(oct(stat.S_IMODE(path.stat().st_mode)), path.read_text(), " ".join(sys.argv), flush=True)
sys.exit(4)
"""

_WAIT = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("waiting", flush=True)
signal.pause()
"""


def test_variables_reach_ansible_in_a_private_file_only(version: Path) -> None:
    """The secret is in a file of mode 0600 and in no argument, and the exit code is Ansible's."""
    process = start(version, _SHOW)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"agent_token": "hush"}\n')
    process.stdin.flush()
    mode, rest = process.stdout.readline().decode().split(" ", 1)
    content, arguments = rest.rsplit("} ", 1)
    assert process.wait() == 4
    process.communicate()
    assert mode == "0o600"
    assert "hush" in content
    assert "hush" not in arguments


def test_everything_ends_when_the_caller_is_gone(version: Path) -> None:
    """The end of the input ends Ansible, also one that ignores SIGTERM, and tidies up."""
    process = start(version, _WAIT)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"{}\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"waiting\n"
    process.stdin.close()
    assert process.wait() == apply.CALLER_GONE
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
    assert not list(version.glob("myx-apply-*"))


def test_nothing_starts_without_variables(version: Path) -> None:
    """A connection that broke during the upload does not begin to install."""
    process = start(version, _WAIT)
    out, _ = process.communicate(b"")
    assert (out, process.returncode) == (b"", apply.CALLER_GONE)
