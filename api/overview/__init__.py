# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the fleet, at a glance? Counts of now, and how runs went over time."""
