# SPDX-License-Identifier: GPL-3.0-or-later
"""API tokens: what programs show instead of signing in."""
