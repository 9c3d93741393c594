# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that start at their times."""
