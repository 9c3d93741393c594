# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the content."""


def shout(text):
    """Speak up."""
    return str(text).upper() + "!"


class FilterModule:
    """The filters by name."""

    def filters(self):
        """Return them."""
        return {"shout": shout}
