# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that were started elsewhere, and are reported here while they go."""
