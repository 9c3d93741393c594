# SPDX-License-Identifier: GPL-3.0-or-later
"""How is work measured, written down and judged, whatever the work is?"""
