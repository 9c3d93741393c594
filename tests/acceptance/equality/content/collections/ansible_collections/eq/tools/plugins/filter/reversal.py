# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter of the collection."""


class FilterModule:
    """The filters by name."""

    def filters(self):
        """Return them."""
        return {"backwards": lambda text: str(text)[::-1]}
