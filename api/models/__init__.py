# SPDX-License-Identifier: GPL-3.0-or-later
"""All tables, one a file. Nouns read and write them through their repositories only."""

from api.models.api_token import ApiToken
from api.models.audit_entry import AuditEntry
from api.models.base import Base
from api.models.bundle import Bundle
from api.models.event import Event
from api.models.execution import Execution
from api.models.fleet.agent import Agent
from api.models.fleet.group import Group
from api.models.fleet.group_child import GroupChild
from api.models.fleet.host import Host
from api.models.fleet.host_group import HostGroup
from api.models.fleet.host_load import HostLoad
from api.models.fleet.host_state import HostState
from api.models.last_end import LastEnd
from api.models.log_chunk import LogChunk
from api.models.replica import Replica
from api.models.run import Run
from api.models.session import Session
from api.models.triggers.notification import (
    Notification,
    NotificationDelivery,
    NotificationEvent,
)
from api.models.triggers.schedule import Schedule
from api.models.triggers.webhook import Webhook, WebhookDelivery
from api.models.user import User

__all__ = [
    "Agent",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Bundle",
    "Event",
    "Execution",
    "Group",
    "GroupChild",
    "Host",
    "HostGroup",
    "HostLoad",
    "HostState",
    "LastEnd",
    "LogChunk",
    "Notification",
    "NotificationDelivery",
    "NotificationEvent",
    "Replica",
    "Run",
    "Schedule",
    "Session",
    "User",
    "Webhook",
    "WebhookDelivery",
]
