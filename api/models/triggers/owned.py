# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns has everything that acts on somebody's behalf?"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column


class OwnerIds(NamedTuple):
    """By what a row says whose it is; where both are ``None``, it is the admin token's."""

    user_id: int | None
    token_id: int | None


class Owned:
    """What it is called, and whose it is."""

    name: Mapped[str]
    owner_name: Mapped[str]
    owner_user_id: Mapped[int | None]
    """Not a foreign key: what is left of somebody who was deleted may start nothing."""
    owner_token_id: Mapped[int | None]
    """Only where a program's own token owns it, whose rights then are those that count."""
    owner_grants: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """The limits of the user's token that made it; ``None`` where there were none."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
