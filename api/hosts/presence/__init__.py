# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts answer, since when, and what became of them over time?"""
