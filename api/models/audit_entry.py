# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has an entry of the audit?"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class AuditEntry(Base):
    """Who did what, from where, with which result; each holds the hash of the one before."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "actor"),
        Index(None, "action"),
        Index(None, "object_kind", "object_name"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Counts from 1 without gaps."""
    at: Mapped[datetime]
    actor: Mapped[str]
    """The name of a principal; ``myx`` for the control plane itself."""
    credential: Mapped[str]
    """``admin_token``, ``token/7``, ``session/3``, or empty."""
    action: Mapped[str]
    object_kind: Mapped[str]
    object_name: Mapped[str]
    result: Mapped[str]
    """``ok``, or the code of the error."""
    details: Mapped[dict[str, Any]]
    address: Mapped[str]
    user_agent: Mapped[str]
    request_id: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]
    """SHA-256 over all other columns as canonical JSON, lower-case hexadecimal."""
