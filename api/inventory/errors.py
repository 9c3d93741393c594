# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an inventory?

``InventoryInvalidError`` 422     hosts, groups or variables in it that cannot be taken over
"""

from collections.abc import Sequence

from api.core.errors import FieldError, InvalidInputError

MAX_ERRORS = 100
"""Faults that are named; the rest is counted."""


class InventoryInvalidError(InvalidInputError):
    """The inventory cannot be taken over."""

    code = "inventory_invalid"

    @classmethod
    def of(cls, faults: Sequence[FieldError]) -> "InventoryInvalidError":
        """Make the error that names the faults, and counts them where there are many."""
        first = f"{faults[0].field}: {faults[0].message}"
        more = f" There are {len(faults) - 1} more faults." if len(faults) > 1 else ""
        return cls(
            f"The inventory cannot be taken over, and nothing was changed. {first}.{more}",
            tuple(faults[:MAX_ERRORS]),
        )
