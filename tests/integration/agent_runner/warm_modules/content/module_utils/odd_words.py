# SPDX-License-Identifier: GPL-3.0-or-later
"""A module_util of the content's own."""

import traceback


def describe_failure() -> str:
    """Return a traceback with this file in it."""
    try:
        raise ValueError("odd")
    except ValueError:
        return traceback.format_exc()
