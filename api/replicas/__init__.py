# SPDX-License-Identifier: GPL-3.0-or-later
"""Control planes that share one PostgreSQL: who lives, who takes over, who tells whom."""
