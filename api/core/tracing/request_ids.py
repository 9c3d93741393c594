# SPDX-License-Identifier: GPL-3.0-or-later
"""Which id ties a request to all that follows from it? Its own, down to the hosts' audit logs.

Whatever a request leads to is logged with the request's id, also in a run that goes on in another
process. Agents get it as W3C's ``traceparent``, of which it is the trace's id.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

HEADER = "traceparent"
"""The header's name, as W3C's Trace Context has it."""

_FORM = re.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def get_request_id() -> str:
    """Return the id of the request that led here; empty where none did."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@contextmanager
def following(request_id: str, **facts: object) -> Iterator[None]:
    """Say in the block's log lines which request they follow from, and further facts."""
    with structlog.contextvars.bound_contextvars(request_id=request_id, **facts):
        yield


def read_traceparent(header: str) -> str | None:
    """Return the id that a caller's ``traceparent`` has; None where it is none."""
    found = _FORM.fullmatch(header)
    return str(UUID(found[1])) if found and int(found[1], 16) else None


def make_traceparent() -> str | None:
    """Return what is to be sent along with a call; None where no request led here."""
    try:
        trace_id = UUID(get_request_id()).hex
    except ValueError:
        return None
    return f"00-{trace_id}-{trace_id[16:]}-00"
