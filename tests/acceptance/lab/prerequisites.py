# SPDX-License-Identifier: GPL-3.0-or-later
"""Can this machine boot test hosts, and how does it get what is missing?"""

import os
import shutil
import subprocess
from pathlib import Path

from lab.podman import LabError

PACKAGES_BY_PROGRAM = {
    "podman": "podman",
    "runc": "runc",
    "debootstrap": "debootstrap",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "cc": "gcc",
}
"""Which Debian package brings which program."""

_EXTRA_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


def find_obstacle() -> str | None:
    """Return the sentence that says why no host can be booted here, or ``None``."""
    if os.geteuid() != 0:
        return "test hosts need root: containers that boot systemd are privileged"
    if _missing_programs() and not shutil.which("apt-get"):
        return f"{', '.join(_missing_programs())} missing, and there is no apt-get to install them"
    return None


def install_prerequisites(log_path: Path) -> None:
    """Install the programs that are missing; what apt says goes to ``log_path``."""
    missing = _missing_programs()
    if not missing:
        return
    packages = sorted({PACKAGES_BY_PROGRAM[program] for program in missing})
    with log_path.open("ab") as log:
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", *packages]):
            _run_apt(command, log_path, log.fileno())


def _missing_programs() -> list[str]:
    path = f"{os.environ.get('PATH', '')}:{_EXTRA_PATH}"
    return [program for program in PACKAGES_BY_PROGRAM if not shutil.which(program, path=path)]


def _run_apt(command: list[str], log_path: Path, log_fd: int) -> None:
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=log_fd,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )
    if result.returncode:
        raise LabError(f"{' '.join(command)} ended with {result.returncode}; see {log_path}")
