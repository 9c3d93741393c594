# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a content bundle?"""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class Bundle(Base):
    """A content bundle that lies in the bundles folder, named by its SHA-256."""

    __tablename__ = "bundles"
    __table_args__ = (Index(None, "created_at"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    files: Mapped[int]
    origin: Mapped[str]
    """``content_dir`` or ``upload``."""
    created_at: Mapped[datetime]
