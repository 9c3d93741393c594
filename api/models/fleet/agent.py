# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a host's agent?"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, sealed_column


class Agent(Base):
    """The identity of a host's agent, made once and kept, and when it was last heard of."""

    __tablename__ = "agents"
    __table_args__ = (Index(None, "rpc_port"), Index(None, "status"))

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    rpc_port: Mapped[int]
    rpc_path: Mapped[str]
    token_sealed: Mapped[bytes] = sealed_column("agents/{}/token")
    secret_key_sealed: Mapped[bytes] = sealed_column("agents/{}/secret_key")
    next_token_sealed: Mapped[bytes | None] = sealed_column("agents/{}/next_token")
    """Sealed before a rotation begins."""
    next_secret_key_sealed: Mapped[bytes | None] = sealed_column("agents/{}/next_secret_key")
    credentials_rotated_at: Mapped[datetime | None]
    cert_fingerprint: Mapped[str | None]
    """SHA-256 of the DER certificate, lower-case hexadecimal; ``None`` until it is installed."""
    version: Mapped[str | None]
    status: Mapped[str]
    """``not_installed``, ``online`` or ``offline``."""
    last_seen_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    load: Mapped[dict[str, Any] | None]
    """What its last heartbeat said of load, memory and disk, as the wire contract names it."""
