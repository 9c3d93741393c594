# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules of the content share."""

GREETING = "from the content's module_utils"


def describe(value):
    """Say what a value is."""
    return {"kind": type(value).__name__, "text": str(value), "greeting": GREETING}
