#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the role myx.fleet.agent applied on the host itself? Standard library only.

    apply.py unpacked BUNDLE_DIR      make the version of an unpacked bundle, and apply the role
    apply.py installed VERSION_DIR    apply it with the Ansible of a version that is there

The first line of standard input is a JSON object with the role's variables. Secrets come that
way only: they are in a file of mode 0600 while Ansible runs, and in no argument. The input stays
open as a lifeline: when it ends before the work does, the caller is gone and everything that was
started is ended. Whatever happens, the temporary files are removed.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PLAYBOOK = "myx.fleet.agent"
MAKE_VERSION = "collections/ansible_collections/myx/fleet/roles/agent/files/make_version.py"
VERSIONS_DIR = Path("/opt/myx-agent/versions")
PRIVATE_PLACE = "/run"  # in memory: secrets do not touch the disk
GRACE_S = 5
CALLER_GONE = 75  # EX_TEMPFAIL: try again


class CallerGoneError(Exception):
    """The caller's end of the lifeline is closed."""


def main() -> int:
    """Apply the role and return the exit code of what failed first, or 0."""
    source, folder = sys.argv[1], Path(sys.argv[2])
    try:
        variables = read_variables()
        return (apply_role if source == "installed" else install)(folder, variables)
    except CallerGoneError:
        return CALLER_GONE


def read_variables() -> dict[str, object]:
    """Read the first line of the input.

    Raises:
        CallerGoneError: the input ended before it.
    """
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise CallerGoneError
    variables: dict[str, object] = json.loads(line)
    return variables


def install(bundle: Path, variables: dict[str, object]) -> int:
    """Make the version with the role's own program, then let the version apply the role."""
    manifest = json.loads((bundle / "MANIFEST.json").read_text())
    version = VERSIONS_DIR / manifest["version_id"]
    make: list[str | Path] = [sys.executable, bundle / "installer" / MAKE_VERSION, bundle, version]
    return run_while_caller_lives(make, dict(os.environ)) or apply_role(version, variables)


def apply_role(version: Path, variables: dict[str, object]) -> int:
    """Run the role's playbook on this host with the Ansible of the version."""
    private = Path(tempfile.mkdtemp(prefix="myx-apply-", dir=PRIVATE_PLACE))
    with removed_at_end(private):
        variables_file = private / "variables.json"
        variables_file.touch(mode=0o600)
        variables_file.write_text(
            json.dumps({"ansible_become": False, "agent_version_dir": str(version)} | variables)
        )
        command: list[str | Path] = [
            *(version / "bin/python", version / "bin/ansible-playbook", PLAYBOOK),
            *("--inventory", "localhost,", "--connection", "local"),
            *("--extra-vars", f"@{variables_file}"),
        ]
        return run_while_caller_lives(command, ansible_environment(private, version / "installer"))


def ansible_environment(private: Path, installer: Path) -> dict[str, str]:
    """Return an environment in which nothing of the host's own Ansible settings counts."""
    (private / "ansible.cfg").touch()
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(private),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_CONFIG": str(private / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(installer / "collections"),
        "ANSIBLE_HOME": str(private / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(private / "tmp"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0",
    }


def run_while_caller_lives(command: list[str | Path], environment: dict[str, str]) -> int:
    """Run the command in a session of its own; end it when the caller goes.

    Raises:
        CallerGoneError: it went.
    """
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    ended = os.pidfd_open(process.pid)
    try:
        lifeline = sys.stdin.buffer.fileno()
        while True:
            ready = select.select([ended, lifeline], [], [])[0]
            if ended in ready:
                return process.wait()
            if not os.read(lifeline, 1):
                raise CallerGoneError
    finally:
        end(process)
        os.close(ended)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process with its group, first politely."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


@contextlib.contextmanager
def removed_at_end(folder: Path) -> Iterator[None]:
    """Remove the folder when the block ends, however it does."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    # Without a terminal a broken connection shows as a signal; it must unwind, too.
    for hang_up in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(hang_up, lambda *_: sys.exit(CALLER_GONE))
    sys.exit(main())
