# SPDX-License-Identifier: GPL-3.0-or-later
"""Which request at the control plane does a call follow from? As its ``traceparent`` says.

The id stands in the host's audit log beside what was started, as it stands in the control plane's
log and audit. It decides nothing.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from uuid import UUID

HEADER = "traceparent"
"""The header's name, as W3C's Trace Context has it."""

_FORM = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def note_trace(header: bytes) -> None:
    """Remember which request the call follows from that is answered in this context."""
    found = _FORM.fullmatch(header)
    _request_id.set(str(UUID(found[1].decode())) if found else None)


def get_request_id() -> str | None:
    """Return the id of the request at the control plane; None where it was not said."""
    return _request_id.get()
