# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test that opens and closes control planes itself get one with a host?"""

from fake_installer import FakeInstaller
from manual_clock import ManualClock

from api.agents.calls import Endpoint
from api.agents.memory import MemoryAgents, Program
from api.composition import Composition
from api.core.settings import Settings
from api.hosts.schemas import Enrollment


async def open_one_host(settings: Settings, program: Program) -> Composition:
    """Return a control plane that runs and has one host, ``web1``, with a fake agent."""
    fleet = MemoryAgents()
    endpoint = Endpoint("web1", "192.0.2.1", 9000, "abcdefghijkl", "token-of-the-agent", "ab" * 32)
    fleet.add(endpoint, program)
    composition = Composition(settings, ManualClock(), fleet, FakeInstaller())
    await composition.open()
    body = Enrollment(
        address=endpoint.address,
        rpc_port=endpoint.rpc_port,
        rpc_path=endpoint.rpc_path,
        agent_token=endpoint.agent_token,
        secret_key="secret-key-of-the-agent",
        cert_fingerprint=endpoint.cert_fingerprint,
    )
    await composition.host_contacts.enroll("web1", body)
    return composition
