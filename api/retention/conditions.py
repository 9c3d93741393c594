# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be removed, in the words of the database? What nothing needs any more.

A run that has not ended is needed, and one of whose executions the real end may still come from its
host; so is the last run of a schedule, and one whose delivery to a webhook is not settled, since
the same delivery may come again and must find it.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, or_, select, text
from sqlalchemy.orm import aliased

from api.executions.states import END_STATES
from api.models import (
    Execution,
    HostLoad,
    HostState,
    NotificationDelivery,
    NotificationEvent,
    Run,
    Schedule,
    WebhookDelivery,
)
from api.models.execution import KEPT_EVENTS, KEPT_LOG
from api.models.fleet.host_load import number_slot

HAS_LOG = text(KEPT_LOG)
HAS_EVENTS = text(KEPT_EVENTS)


def owes_nothing() -> ColumnElement[bool]:
    """Say that no other end of an execution can come: it is settled, or its host is gone."""
    return or_(Execution.acknowledged, Execution.host_id.is_(None))


def executions_ended_before(before: datetime) -> ColumnElement[bool]:
    """Say that an execution ended before, its run has ended too, and nothing is owed."""
    run_has_ended = select(Run.id).where(Run.id == Execution.run_id, Run.status.in_(END_STATES))
    return and_(
        Execution.finished_at < before,
        Execution.status.in_(END_STATES),
        owes_nothing(),
        run_has_ended.exists(),
    )


def select_old_runs(before: datetime) -> Select[int]:
    """Select the runs that ended before and that nothing needs, the oldest first."""
    return (
        select(Run.id)
        .where(Run.finished_at < before, Run.status.in_(END_STATES))
        .where(~_is_owed(), ~_is_last_of_schedule(), ~_is_of_open_delivery())
        .order_by(Run.finished_at, Run.id)
    )


def is_old_delivery(before: datetime) -> ColumnElement[bool]:
    """Say that something was sent by a notification, or given up, and begun before."""
    row = NotificationDelivery
    return and_(row.created_at < before, row.status != "waiting")


def is_old_event(before: datetime) -> ColumnElement[bool]:
    """Say that something happened before and was told; the newest stays, numbers go on from it."""
    row = NotificationEvent
    newest = select(func.max(row.number)).scalar_subquery()
    return and_(row.at < before, row.number < newest)


def host_state_is_over() -> ColumnElement[bool]:
    """Say that a host has gone into another state since."""
    newer = aliased(HostState)
    follows = select(newer.id).where(newer.host_id == HostState.host_id, newer.id > HostState.id)
    return follows.exists()


def is_old_load(before: datetime) -> ColumnElement[bool]:
    """Say that a sample of a host's load is of before."""
    return HostLoad.slot < number_slot(before)


def _is_owed() -> ColumnElement[bool]:
    # By the index of what is owed, which is short; a run may have thousands of executions.
    owed = select(Execution.run_id).where(
        text("NOT executions.acknowledged"), Execution.host_id.is_not(None)
    )
    return Run.id.in_(owed)


def _is_last_of_schedule() -> ColumnElement[bool]:
    return select(Schedule.id).where(Schedule.last_run_id == Run.id).exists()


def _is_of_open_delivery() -> ColumnElement[bool]:
    """Say that a delivery, which launches under its own key, is not settled."""
    webhook, delivery = WebhookDelivery.webhook_id, WebhookDelivery.id
    key = literal("webhook/") + cast(webhook, String) + "/" + cast(delivery, String)
    is_open = select(delivery).where(
        WebhookDelivery.outcome == "pending", key == Run.idempotency_key
    )
    return and_(Run.idempotency_key.is_not(None), is_open.exists())
