# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts and which control plane do the goals share? Made when first needed."""

import functools
import hashlib
import json
import ssl
from pathlib import Path
from typing import Any

from bench.harness.accounts import Account, open_account
from bench.harness.measuring import WrongResultError, say
from bench.testbed import workload
from bench.testbed.triggers import Triggers
from driver.agents import CONFIG
from driver.command_line import CommandLine
from driver.content import make_content
from driver.control_plane import ControlPlane
from lab.hosts import Host, Lab
from lab.waiting import wait_for

SETTINGS = {
    "MYX_MAX_CONCURRENT_EXECUTIONS": "2000",
    "MYX_MAX_PLAYBOOKS_PER_HOST": "1000",
    # What users have: where hundreds start at once on two processors, an agent is slow.
    "MYX_RPC_TIMEOUT_S": "30",
    "MYX_AGENT_LOST_AFTER_S": "600",
    "MYX_LOG_LEVEL": "warning",
}
"""Limits that no benchmark should run into."""

CERTIFICATE = "/etc/myx-agent/ssl/agent.crt"


class Testbed:
    """Real hosts with agents and sshd, and the control plane that knows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fleet: list[Host] = []

    @functools.cached_property
    def lab(self) -> Lab:
        """The hosts' lab."""
        return Lab()

    @functools.cached_property
    def plane(self) -> ControlPlane:
        """The control plane, in an account of its own."""
        content = make_content(self.folder / "content")
        workload.write(content)
        plane = ControlPlane(self.folder, content, **SETTINGS)
        plane.start()
        self.controller.adopt(plane.pid)
        return plane

    @functools.cached_property
    def controller(self) -> Account:
        """The processor time of the control plane."""
        return open_account("controller")

    @functools.cached_property
    def triggers(self) -> Triggers:
        """Requests to the control plane."""
        return Triggers(self.plane)

    @property
    def host(self) -> Host:
        """The first host."""
        return self.hosts(1)[0]

    def hosts(self, count: int) -> list[Host]:
        """Return so many hosts with agents; the first is installed, the others are copies of it."""
        if not self._fleet:
            self._fleet.append(self._install())
        if len(self._fleet) < count:
            self._clone(count - len(self._fleet))
        return self._fleet[:count]

    def close(self) -> None:
        """End and remove all of it."""
        if "plane" in self.__dict__:
            self.plane.stop()
        if "lab" in self.__dict__:
            self.lab.close()

    def _install(self) -> Host:
        say("  boots a host and installs the agent")
        (host,) = self.lab.boot("bench1")
        myx = CommandLine(self.plane)
        myx.add_host(host.name, host.address, self.lab.key_path)
        myx.succeed("host", "install", host.name, "--accept-new-host-key")
        return host

    def _clone(self, count: int) -> None:
        say(f"  boots {count} more hosts")
        first = self._fleet[0]
        config = json.loads(first.read_bytes(CONFIG))
        names = [f"bench{len(self._fleet) + number}" for number in range(1, count + 1)]
        clones = self.lab.boot(*names, image=self._image)
        enrollment = {key: config[key] for key in ("rpc_port", "rpc_path", "agent_token")}
        enrollment |= {"secret_key": config["secret_key"]}
        enrollment |= {"cert_fingerprint": _read_fingerprint(first)}
        for host in clones:
            enrol = functools.partial(self._enrol, host, enrollment | {"address": host.address})
            wait_for(f"the agent of {host.name}", enrol, 60)
        self._fleet.extend(clones)

    @functools.cached_property
    def _image(self) -> str:
        self._fleet[0].execute("sync")
        return self.lab.capture(self._fleet[0])

    def _enrol(self, host: Host, enrollment: dict[str, Any]) -> bool:
        try:
            self.triggers.ask("POST", f"/hosts/{host.name}/enroll", enrollment)
        except WrongResultError:
            return False
        return True


def _read_fingerprint(host: Host) -> str:
    der = ssl.PEM_cert_to_DER_cert(host.read_bytes(CERTIFICATE).decode())
    return hashlib.sha256(der).hexdigest()
