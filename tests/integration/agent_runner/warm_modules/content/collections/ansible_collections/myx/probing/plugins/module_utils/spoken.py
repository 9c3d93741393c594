# SPDX-License-Identifier: GPL-3.0-or-later
"""What a collection's module says."""

WORDS = "spoken"
