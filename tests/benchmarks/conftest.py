# SPDX-License-Identifier: GPL-3.0-or-later
"""One real host with an agent and with sshd, so that both ways lead to the same machine."""

from collections.abc import Iterator

import pytest

from driver.command_line import CommandLine
from driver.content import make_content
from driver.control_plane import ControlPlane
from driver.measuring import Bench
from lab.hosts import Lab
from lab.prerequisites import find_obstacle


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return a host that is reached by agent and by SSH."""
    obstacle = find_obstacle()
    if obstacle:
        pytest.skip(obstacle)
    folder = tmp_path_factory.mktemp("bench")
    lab = Lab()
    (host,) = lab.boot("bench1")
    settings = {
        "MYX_MAX_CONCURRENT_EXECUTIONS": "1000",
        "MYX_MAX_PLAYBOOKS_PER_HOST": "1000",
        # What users have: where hundreds start at once on two processors, an agent is slow.
        "MYX_RPC_TIMEOUT_S": "30",
        "MYX_AGENT_LOST_AFTER_S": "600",
    }
    control_plane = ControlPlane(folder, make_content(folder / "content"), **settings)
    control_plane.start()
    myx = CommandLine(control_plane)
    myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", host.name, "--accept-new-host-key")
    inventory = folder / "hosts.ini"
    inventory.write_text(
        f"{host.name} ansible_host={host.address} ansible_user=root "
        f"ansible_ssh_private_key_file={lab.key_path} "
        "ansible_ssh_common_args='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'\n"
    )
    bench = Bench(control_plane, host, inventory)
    bench.write_playbooks()
    yield bench
    control_plane.stop()
    lab.close()
