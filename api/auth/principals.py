# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can ask for something? So far one principal: the admin who holds the token."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognised; ``name`` is remembered with what they do."""

    name: str


ADMIN = Principal(name="admin")
"""Who holds the token that the first start wrote."""
