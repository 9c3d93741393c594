# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get hosts of its own, break them, look into them, and give them back?"""

import ipaddress
import json
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.disks import Disk, remove_orphaned_disks
from lab.image import CACHE_DIR, DEFAULT_SUITE, DEPLOY_USER, ensure_image
from lab.podman import ask_podman, run_podman
from lab.waiting import wait_for

LABEL = "myx-lab"
"""Every container of a lab carries it, with the session's name."""

PID_LABEL = "myx-lab-pid"
"""The process that a container belongs to: what outlives it is removed by the next session."""

BOOT_TIMEOUT_S = 60
"""From the start of the container to the greeting of its sshd."""

STATE_DIR = "/var/lib/myx-agent"
"""Where a host's own disk is mounted: the agent's spool."""

# A machine keeps its machine id for life and has another boot id at each start; a container has
# neither by itself.
_BOOT = """
test -s /etc/machine-id || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
cat /proc/sys/kernel/random/uuid >/run/boot-id
mount --bind /run/boot-id /proc/sys/kernel/random/boot_id
exec /sbin/init
"""


@dataclass(frozen=True)
class Host:
    """One booted host."""

    name: str
    container: str
    address: str
    disk: Disk | None = None

    def execute(
        self, *argv: str, stdin: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program on the host, past SSH and network."""
        return run_podman("exec", "--interactive", self.container, *argv, stdin=stdin, check=check)

    def ask(self, command: str) -> str:
        """Return what a shell command prints on the host, stripped; its exit code is ignored."""
        result = self.execute("sh", "-c", command, check=False)
        return (result.stdout + result.stderr).decode(errors="replace").strip()

    def succeeds(self, command: str) -> bool:
        """Tell whether a shell command exits with 0 on the host."""
        return self.execute("sh", "-c", command, check=False).returncode == 0

    def read_bytes(self, path: str) -> bytes:
        """Return a file of the host."""
        return self.execute("cat", path).stdout

    def write_bytes(self, path: str, content: bytes) -> None:
        """Write a file on the host."""
        self.execute("sh", "-c", f"cat >{shlex.quote(path)}", stdin=content)

    def exists(self, path: str) -> bool:
        """Tell whether a path exists on the host, even as a broken link."""
        return self.succeeds(f"test -e {shlex.quote(path)} || test -L {shlex.quote(path)}")

    def leave_network(self) -> None:
        """Cut the host off: packets are lost, connections stay half open."""
        self.execute("ip", "link", "set", "eth0", "down")

    def join_network(self) -> None:
        """Put the host back on the network with the address it had."""
        self.execute("ip", "link", "set", "eth0", "up")
        gateway = ask_podman("inspect", self.container, "--format", "{{.NetworkSettings.Gateway}}")
        self.execute("ip", "route", "replace", "default", "via", gateway)

    def lose_power(self) -> None:
        """Pull the plug: no process gets another moment, and the own disk forgets what is unsynced.

        Raises:
            ValueError: it was booted without a disk of its own.
        """
        if self.disk is None:
            raise ValueError(f"{self.name} has no disk of its own")
        run_podman("kill", "--signal", "KILL", self.container)
        run_podman("wait", self.container)
        self.disk.lose_power()

    def power_up(self) -> None:
        """Boot again, at the same address."""
        run_podman("start", self.container)

    def renew_ssh_host_keys(self) -> None:
        """Give the host another SSH identity, as a re-installed machine has."""
        self.execute("sh", "-c", "rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh")
        self.wait_for_ssh()

    def wait_for_ssh(self) -> None:
        """Return when sshd greets."""
        wait_for(f"sshd of {self.name} at {self.address}", self._is_greeted, BOOT_TIMEOUT_S)

    def _is_greeted(self) -> bool:
        try:
            with socket.create_connection((self.address, 22), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False


class Lab:
    """The hosts of one test session; closing it removes them."""

    def __init__(self, suite: str = DEFAULT_SUITE) -> None:
        self.session = secrets.token_hex(4)
        self.hosts: dict[str, Host] = {}
        self._image = ensure_image(suite)
        self._captured: set[str] = set()
        self._dir = Path(tempfile.mkdtemp(prefix="session-", dir=CACHE_DIR))
        self.key_path = make_key(self._dir / "id_ed25519")
        remove_orphans()

    def boot(self, *names: str, disk_mb: int | None = None, image: str | None = None) -> list[Host]:
        """Boot hosts together and return them, in order, when their sshd greets.

        Args:
            names: their host names.
            disk_mb: gives each a disk of its own for the agent's state, and makes it able to lose
                its power.
            image: what they hold at first, from ``capture``; bare Debian without.
        """
        disks = {name: Disk(CACHE_DIR, disk_mb) if disk_mb else None for name in names}
        for name, disk in disks.items():
            self._start(name, disk, image or self._image)
        booted = [self._adopt(name, disk) for name, disk in disks.items()]
        for host in booted:
            host.wait_for_ssh()
        return booted

    def capture(self, host: Host) -> str:
        """Return an image of all that a host holds now, but for its machine id."""
        machine_id = host.read_bytes("/etc/machine-id")
        host.write_bytes("/etc/machine-id", b"")
        image = f"localhost/{LABEL}-captured:{self.session}-{len(self._captured)}"
        run_podman("commit", "--quiet", "--pause=false", host.container, image)
        host.write_bytes("/etc/machine-id", machine_id)
        self._captured.add(image)
        return image

    def remove(self, hosts: Iterable[Host]) -> None:
        """Remove hosts as a power cut does, with all they hold."""
        for host in hosts:
            run_podman("rm", "--force", "--time", "0", host.container)
            if host.disk is not None:
                host.disk.remove()
            del self.hosts[host.name]

    def close(self) -> None:
        """Remove every host of this session and its key."""
        self.remove(list(self.hosts.values()))
        for image in self._captured:
            run_podman("rmi", "--force", image)
        shutil.rmtree(self._dir)

    def _start(self, name: str, disk: Disk | None, image: str) -> None:
        key = f"{self.key_path}.pub"
        more: tuple[str, ...] = ()
        if disk:  # a machine that boots again has the addresses that it had; only chosen ones stay
            more = ("--ip", _choose_address(), "--mac-address", _choose_mac())
            more += ("--volume", f"{disk.path}:{STATE_DIR}")
        run_podman(
            *("run", "--detach", "--name", self._container(name), "--hostname", name),
            *("--label", f"{LABEL}={self.session}", "--label", f"{PID_LABEL}={os.getpid()}"),
            *("--systemd=always", "--privileged", "--stop-timeout", "2"),
            *("--volume", f"{key}:/root/.ssh/authorized_keys:ro", *more),
            *(image, "sh", "-c", _BOOT),
        )

    def _adopt(self, name: str, disk: Disk | None) -> Host:
        container = self._container(name)
        address = ask_podman("inspect", container, "--format", "{{.NetworkSettings.IPAddress}}")
        host = self.hosts[name] = Host(name, container, address, disk)
        home = f"/home/{DEPLOY_USER}/.ssh/authorized_keys"
        install = f"install -m 0600 -o {DEPLOY_USER} /root/.ssh/authorized_keys {home}"
        host.execute("sh", "-c", install)
        return host

    def _container(self, name: str) -> str:
        return f"{LABEL}-{self.session}-{name}"


def remove_orphans(*, every: bool = False) -> list[str]:
    """Remove the hosts of sessions that are gone, or of all sessions; return their names."""
    form = f'{{{{.Names}}}} {{{{index .Labels "{PID_LABEL}"}}}}'
    listed = ask_podman("ps", "--all", "--filter", f"label={LABEL}", "--format", form)
    containers = [line.split() for line in listed.splitlines()]
    gone = [name for name, pid in containers if every or not Path("/proc", pid).exists()]
    if gone:
        run_podman("rm", "--force", "--time", "0", *gone)
    remove_orphaned_disks(CACHE_DIR)
    return gone


def _choose_address() -> str:
    """Return an address of the containers' network; podman refuses one that is taken."""
    described = json.loads(ask_podman("network", "inspect", "podman"))
    network = ipaddress.ip_network(described[0]["subnets"][0]["subnet"])
    return str(network[secrets.randbelow(network.num_addresses - 512) + 256])


def _choose_mac() -> str:
    """Return a locally administered hardware address."""
    return ":".join(f"{byte:02x}" for byte in (0x02, *secrets.token_bytes(5)))


def make_key(path: Path) -> Path:
    """Make an SSH key pair without a passphrase and return the private key's path."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", LABEL, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path
