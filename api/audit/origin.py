# SPDX-License-Identifier: GPL-3.0-or-later
"""On whose behalf is this done, and where does that come from? Known wherever a request leads.

What the control plane does by itself has ``OWN`` as its origin.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

MAX_USER_AGENT = 200
"""A longer one is cut."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks and where they are; texts are empty where nothing is known."""

    actor: str = ""
    credential: str = ""
    """How they were recognised: ``admin_token``, ``token/7``, ``session/3``."""
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    told: list[str] = field(default_factory=list, compare=False)
    """The actions that the audit was told of on this behalf; filled by ``api.audit``."""


OWN = Origin(actor="myx")

_current: ContextVar[Origin] = ContextVar("origin", default=OWN)


def get_origin() -> Origin:
    """Return the origin of what is being done."""
    return _current.get()


@contextmanager
def bound_origin(origin: Origin) -> Iterator[None]:
    """Do what is in the block on somebody's behalf."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
