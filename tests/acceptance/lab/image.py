# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a test host, and how is its image built once and kept?

The image's name carries a digest of the recipe: a changed one makes a new image by itself.
"""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.podman import LabError, ask_podman, run_podman
from lab.prerequisites import install_prerequisites

CACHE_DIR = Path("/var/tmp/myx-lab")  # noqa: S108 - survives reboots, owned by root, mode 0700
"""Keys of sessions, logs of the building and its lock; the image lies in podman's store."""

DEFAULT_SUITE = "bookworm"
"""The Debian release of the hosts: 12."""

DEPLOY_USER = "deploy"
"""An account that is not root, logs in with a password or a key, and may sudo."""

DEPLOY_PASSWORD = "lab-only"
"""The password of root and of the deploy account."""

PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "python3",
    "python3-venv",
    "python3-apt",
    "sudo",
    "iproute2",
    "ca-certificates",
    "curl",
    "procps",
    "cron",
)
"""What a small server has; nothing of the project."""

DEBOOTSTRAP_ATTEMPTS = 3
"""Mirrors fail now and then."""

_SSH_KEYS_AT_BOOT = """[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
"""

# Every host makes its own keys and machine id at its first boot, so that no two look the same.
_PREPARE = f"""set -e
rm -f /etc/ssh/ssh_host_* /var/cache/apt/archives/*.deb
: >/etc/machine-id
install -d -m 0700 /root/.ssh
install -d /etc/systemd/system/ssh.service.d
printf '{_SSH_KEYS_AT_BOOT}' >/etc/systemd/system/ssh.service.d/keys.conf
printf 'PermitRootLogin yes\nUseDNS no\n' >/etc/ssh/sshd_config.d/lab.conf
useradd --create-home --shell /bin/bash {DEPLOY_USER}
install -d -m 0700 -o {DEPLOY_USER} -g {DEPLOY_USER} /home/{DEPLOY_USER}/.ssh
printf 'root:{DEPLOY_PASSWORD}\n{DEPLOY_USER}:{DEPLOY_PASSWORD}\n' | chpasswd
printf '{DEPLOY_USER} ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/{DEPLOY_USER}
chmod 0440 /etc/sudoers.d/{DEPLOY_USER}
"""


def ensure_image(suite: str = DEFAULT_SUITE) -> str:
    """Return the name of the host image for a Debian suite; the first call builds it.

    Two sessions that start at once build it once.
    """
    CACHE_DIR.mkdir(mode=0o700, exist_ok=True)
    with _locked(CACHE_DIR / "lock"):
        install_prerequisites(CACHE_DIR / "apt.log")
        recipe = hashlib.sha256(" ".join((*PACKAGES, _PREPARE)).encode()).hexdigest()
        image = f"localhost/myx-lab:{suite}-{recipe[:12]}"
        if run_podman("image", "exists", image, check=False).returncode:
            _build(image, suite)
    return image


def remove_images() -> None:
    """Remove every image that a lab of any version has built."""
    listed = ask_podman("images", "--quiet", "--filter", "reference=localhost/myx-lab")
    if listed:
        run_podman("rmi", "--force", *sorted(set(listed.split())))


def _build(image: str, suite: str) -> None:
    root = Path(tempfile.mkdtemp(prefix="root-", dir=CACHE_DIR))
    log_path = CACHE_DIR / f"image-{suite}.log"
    try:
        with log_path.open("wb") as log:
            _debootstrap(suite, root, log.fileno(), log_path)
            _run(["chroot", str(root), "sh", "-c", _PREPARE], log.fileno(), log_path)
        _import(root, image)
    finally:
        shutil.rmtree(root)


def _debootstrap(suite: str, root: Path, log_fd: int, log_path: Path) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite]
    for attempt in range(1, DEBOOTSTRAP_ATTEMPTS + 1):
        try:
            _run([*command, str(root)], log_fd, log_path)
        except LabError:
            if attempt == DEBOOTSTRAP_ATTEMPTS:
                raise
        else:
            return


def _run(command: list[str], log_fd: int, log_path: Path) -> None:
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=log_fd, stderr=log_fd, check=False
    )
    if result.returncode:
        raise LabError(f"{command[0]} ended with {result.returncode}; see {log_path}")


def _import(root: Path, image: str) -> None:
    archive = root.with_suffix(".tar")
    try:
        subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
        run_podman("import", "--quiet", str(archive), image)
    finally:
        archive.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
