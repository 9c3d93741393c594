# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the content."""


class TestModule:
    """The tests by name."""

    def tests(self):
        """Return them."""
        return {"palindrome": lambda text: text == text[::-1]}
