# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs: one trigger, what and where, with one execution for each host."""
