# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has a piece of a log that lies in the database?"""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base


class LogChunk(Base):
    """A contiguous piece of one execution's log; the next one begins where it ends.

    It refers to no execution: a reference would be looked up for each piece, and who deletes an
    execution deletes its log too.
    """

    __tablename__ = "log_chunks"

    execution_id: Mapped[str] = mapped_column(primary_key=True)
    start_offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_type: Mapped[str]
    data: Mapped[bytes]
