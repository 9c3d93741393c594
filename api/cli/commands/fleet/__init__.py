# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs about groups, the inventory, and what is known of hosts."""
