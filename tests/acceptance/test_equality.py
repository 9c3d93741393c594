# SPDX-License-Identifier: GPL-3.0-or-later
"""The warm way is exactly Ansible: every case of the corpus, both ways, on real hosts."""

from collections.abc import Iterator

import pytest

from api.bundles.signing import find_signer
from api.core.places import SIGNING_KEY_NAME
from driver.command_line import CommandLine
from driver.control_plane import ControlPlane
from equality.agent import Agent
from equality.cases import Case, list_cases
from equality.comparison import Comparison
from equality.lanes import Lanes
from equality.summary import Summary
from lab.hosts import Lab

HOSTS = ("twin1", "twin2")
"""As many as there are processors to keep busy."""

CASES = list_cases()


@pytest.fixture(scope="module")
def agents(lab: Lab, control_plane: ControlPlane, myx: CommandLine) -> Iterator[list[Agent]]:
    """Return agents on hosts of this module's own."""
    hosts = lab.boot(*HOSTS)
    for host in hosts:
        myx.add_host(host.name, host.address, lab.key_path)
    myx.succeed("host", "install", *HOSTS, "--accept-new-host-key")
    signer = find_signer(control_plane.data_dir / SIGNING_KEY_NAME)
    agents = [Agent(host, signer) for host in hosts]
    yield agents
    for agent in agents:
        agent.close()
    lab.remove(hosts)
    for name in HOSTS:
        myx.run("host", "remove", name)


@pytest.fixture(scope="module")
def lanes(
    agents: list[Agent], request: pytest.FixtureRequest, summaries: list[Summary]
) -> Iterator[Lanes]:
    """Return the cases that are asked for, on their way over the hosts."""
    callspecs = (getattr(item, "callspec", None) for item in request.session.items)
    wanted = {spec.params["case"].name for spec in callspecs if spec and "case" in spec.params}
    comparison = Comparison()
    lanes = Lanes(agents, [case for case in CASES if case.name in wanted], comparison.compare)
    yield lanes
    lanes.close()
    comparison.close()
    summaries.append(Summary(lanes.list_verdicts(), [agent.get_status() for agent in agents]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_ways_are_equal(case: Case, lanes: Lanes) -> None:
    """Output, events, result and the host's files are the same, but for times and chance names."""
    verdict = lanes.wait_for(case)
    assert not verdict.differences, str(verdict)
