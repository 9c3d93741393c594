# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that start when another system says so."""
