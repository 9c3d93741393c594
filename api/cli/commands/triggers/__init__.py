# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about what starts runs by itself, and about who is told of them."""
