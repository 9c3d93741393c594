# SPDX-License-Identifier: GPL-3.0-or-later
"""New tokens and secret keys for agents: ordered, proved, settled, and used by every call."""

from api.hosts.rotation.current_calls import CurrentCalls
from api.hosts.rotation.rotator import HostRotator
from api.hosts.rotation.service import HostRotationService

__all__ = ["CurrentCalls", "HostRotationService", "HostRotator"]
