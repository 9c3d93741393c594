# SPDX-License-Identifier: GPL-3.0-or-later
"""All tables, one a file. Nouns read and write them through their repositories only."""

from api.models.agent import Agent
from api.models.base import Base
from api.models.bundle import Bundle
from api.models.event import Event
from api.models.execution import Execution
from api.models.host import Host
from api.models.host_group import HostGroup
from api.models.run import Run

__all__ = ["Agent", "Base", "Bundle", "Event", "Execution", "Host", "HostGroup", "Run"]
