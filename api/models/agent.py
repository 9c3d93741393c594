# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a host's agent?"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Agent(Base):
    """The identity of a host's agent, made once and kept, and when it was last heard of."""

    __tablename__ = "agents"
    __table_args__ = (Index(None, "rpc_port"), Index(None, "status"))

    host_id: Mapped[int] = mapped_column(
        ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True
    )
    rpc_port: Mapped[int]
    rpc_path: Mapped[str]
    token_sealed: Mapped[bytes]
    """Bound to ``agents/<host_id>/token``."""
    secret_key_sealed: Mapped[bytes]
    """Bound to ``agents/<host_id>/secret_key``."""
    cert_fingerprint: Mapped[str | None]
    """SHA-256 of the DER certificate, lower-case hexadecimal; ``None`` until it is installed."""
    version: Mapped[str | None]
    status: Mapped[str]
    """``not_installed``, ``online`` or ``offline``."""
    last_seen_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
