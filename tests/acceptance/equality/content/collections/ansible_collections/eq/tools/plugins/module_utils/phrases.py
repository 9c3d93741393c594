# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules of the collection share."""

from ansible.module_utils.common.text.converters import to_text


def join(words, separator):
    """Join words."""
    return separator.join(to_text(word) for word in words)
