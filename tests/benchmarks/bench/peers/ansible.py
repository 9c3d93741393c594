# SPDX-License-Identifier: GPL-3.0-or-later
"""How does Ansible do it from one place? Over SSH as it comes, with pipelining, with mitogen."""

from collections.abc import Sequence
from pathlib import Path

from bench.harness.accounts import Account
from bench.harness.measuring import WrongResultError
from bench.peers.programs import find_packages, find_program, run_program
from bench.peers.shell import OPTIONS
from lab.hosts import Host

PLAIN: dict[str, str] = {}
PIPELINING = {"ANSIBLE_PIPELINING": "true"}
_INTERPRETER = "/usr/bin/python3"


def make_mitogen() -> dict[str, str]:
    """Return the variables that let mitogen carry Ansible's modules."""
    return {
        "ANSIBLE_STRATEGY": "mitogen_linear",
        "ANSIBLE_STRATEGY_PLUGINS": str(find_packages() / "ansible_mitogen/plugins/strategy"),
    }


class Ansible:
    """Ansible against real hosts.

    Args:
        folder: where its inventory and its temporary files lie.
        key: the private key that logs in as root.
        account: what its processor time is counted in.
    """

    def __init__(self, folder: Path, key: Path, account: Account) -> None:
        self._folder = folder
        self._key = key
        self._account = account

    def play(
        self, playbook: Path, hosts: Sequence[Host], variables: dict[str, str], *, ok: int, **e: str
    ) -> str:
        """Run a playbook and return its output.

        Raises:
            WrongResultError: on some host not exactly ``ok`` tasks were right.
        """
        extra = [word for name, value in e.items() for word in ("-e", f"{name}={value}")]
        argv = [find_program("ansible-playbook"), *self._inventory(hosts), *extra, playbook]
        text = self._run(argv, hosts, variables)
        right = sum(f" ok={ok} " in line and " failed=0 " in line for line in text.splitlines())
        if right != len(hosts):
            raise WrongResultError(f"{right} of {len(hosts)} hosts are right: {text[-300:]}")
        return text

    def ad_hoc(
        self, hosts: Sequence[Host], variables: dict[str, str], module: str, arguments: str
    ) -> str:
        """Run one module on hosts."""
        words = ("all", "-m", module, "-a", arguments)
        argv = [find_program("ansible"), *self._inventory(hosts), *words]
        text = self._run(argv, hosts, variables)
        if sum(" | " in line for line in text.splitlines()) < len(hosts):
            raise WrongResultError(text[-300:])
        return text

    def _run(
        self, argv: Sequence[str | Path], hosts: Sequence[Host], variables: dict[str, str]
    ) -> str:
        config = self._folder / "ansible.cfg"
        config.touch()
        forks = {"ANSIBLE_FORKS": str(max(5, len(hosts))), "ANSIBLE_CONFIG": str(config)}
        forks["ANSIBLE_HOST_KEY_CHECKING"] = "false"
        return run_program(self._account, argv, **forks, **variables)

    def _inventory(self, hosts: Sequence[Host]) -> tuple[str, str]:
        shared = (
            f"ansible_user=root ansible_ssh_private_key_file={self._key} "
            f"ansible_python_interpreter={_INTERPRETER} "
            f"ansible_ssh_common_args='{' '.join(OPTIONS)}'"
        )
        lines = [f"{host.name} ansible_host={host.address} {shared}\n" for host in hosts]
        path = self._folder / f"hosts-{len(hosts)}.ini"
        path.write_text("".join(lines))
        return "-i", str(path)
